"""Offers: what is offered to whom, and why.

``content`` compares what offers say with what somebody bought and looked at; ``collaborative`` learns from what
people bought alike; ``bandit`` learns from clicks which offer works for whom, and tries others now and then. The daily
child makes an ``index`` of everybody's ``behaviour``; ``recommender`` answers from it in milliseconds, and
``service`` keeps the offers themselves. Who is written to is decided elsewhere: an offer here answers a question.
"""
