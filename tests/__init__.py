"""What each folder holds.

unit         one module at a time, by the package it is in
property     documents and the router of the simplest rule against a brute force of their own
oracle       the whole routing rule a second time, in plain Python, and the router and the circuit
             against it
circuits     honest batches of random policies pass the checker; public columns at their limits
rule         every constraint of the circuit, every limit of the rule, every policy of the gallery
soundness    false statements, traces and proofs against the checker and the verifier
hiding       that a proof shows nothing: simulator, ranks, two witnesses
attacks      what broke systems like this one: the catalogue of past vulnerabilities, the tests that
             would notice each here, and the soundness budget
settlement   gate, ledger, intake, receipts, openings, disclosure: a day, and who cheats on it
service      the HTTP service in front of a gate
audit        published chains, honest and tampered with
campaigns    random trials at any size: damaged files, mutated proofs, mutated code, edge batches
golden       digests, keys and proofs that must not change unnoticed
vectors      test vectors of other projects
packaging    imports, wheel, locks, pages: what surrounds the code
benchmarks   timings; each runs once, and small, as a test
support      what tests of several folders are made with; no tests

There are four collections of wrong traces. They differ in what is wrong, and in what a wrong one
is asked:

oracle/broken_*.py
    false *outcomes*: a random batch under a random policy is settled otherwise than one rule says,
    and by all others. The checker must name that rule; the trace is made by plain Python.
soundness/cheats, soundness/test_whole_rule_cheats.py
    false *traces* of one batch, with the best repairs a cheat can make, under the simple rule
    and, cell by cell, under the whole one. They are proven: the checker must name exactly
    the constraints that each breaks, and the verifier must refuse the proof.
rule/forgeries
    per *constraint* the trace that nothing else refuses: it must pass as soon as that constraint
    is taken out of the circuit, so that none is for show.
attacks
    no traces: forged *proofs* that work where challenges are known, and pass the verifier then.

Names occur in several of them (``with_cost``, ``unlisted_route``): the same lie, told of an
outcome, of a trace that has to hold together, or of a trace where all but one constraint holds.
"""
