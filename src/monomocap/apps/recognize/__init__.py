"""Recognising actions: one's own, taught with a few clips each, and a few signals of safety.

recognizer = train("clips/")            # clips/<action>/<video or take>
save_recognizer(recognizer, "actions.npz")
recognition = recognize(take, recognizer)
"""

from monomocap.apps.recognize.api import recognize as recognize
from monomocap.apps.recognize.api import train as train
from monomocap.apps.recognize.live import DoingNow as DoingNow
from monomocap.apps.recognize.live import LiveRecognizer as LiveRecognizer
from monomocap.apps.recognize.recognizer import UNKNOWN as UNKNOWN
from monomocap.apps.recognize.recognizer import Recognizer as Recognizer
from monomocap.apps.recognize.recognizer import learn as learn
from monomocap.apps.recognize.recognizer import load_recognizer as load_recognizer
from monomocap.apps.recognize.recognizer import save_recognizer as save_recognizer
from monomocap.apps.recognize.result import Action as Action
from monomocap.apps.recognize.result import Recognition as Recognition
from monomocap.apps.recognize.signals import Signal as Signal
