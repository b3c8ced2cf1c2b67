.PHONY: faults

# Every cell of the fault matrix, as a table of counts.
faults:
	./faults.sh
