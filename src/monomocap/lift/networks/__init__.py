"""The lifting networks: arithmetic in torch, one file each."""
