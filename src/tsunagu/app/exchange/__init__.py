"""Import: files of other systems become customers, deals and facts."""
