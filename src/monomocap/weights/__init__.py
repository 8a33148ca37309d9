"""Weights files: which there are, where they lie, and whether each is the one it claims to be."""

from monomocap.weights.checkpoint import Contents as Contents
from monomocap.weights.checkpoint import State as State
from monomocap.weights.checkpoint import check_fits as check_fits
from monomocap.weights.checkpoint import checked as checked
from monomocap.weights.checkpoint import first_dict as first_dict
from monomocap.weights.checkpoint import read_checkpoint as read_checkpoint
from monomocap.weights.checkpoint import sha256 as sha256
