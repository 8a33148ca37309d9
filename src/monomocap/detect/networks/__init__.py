"""The networks that find joints in pictures: arithmetic in torch, one file each."""
