"""The Z80's register file: places after those that it shares with the 8080 (`sim.halves`)."""

#: Halves: index pairs; the alternate halves, each that far from its own.
IX, IY, ALTERNATE = 12, 14, 16

#: A half that nothing reads: where instructions without a destination register put theirs.
SPARE = 24

# Numbers that are not halves. Q is the flags if the last instruction set them, else 0 (SCF and CCF look at it);
# VECTOR and REFRESH are I and R; INPUT is what every IN reads.
WZ, Q, VECTOR, REFRESH, IFF1, IFF2, MODE, INPUT = range(SPARE + 1, SPARE + 9)

#: How many places a register file has.
REGISTERS = INPUT + 1
