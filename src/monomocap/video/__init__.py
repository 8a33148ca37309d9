"""The only room that knows codecs: frames in, frames out."""
