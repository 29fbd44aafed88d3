static void committing_move(char *old, unsigned long old_size, unsigned long new_size, unsigned long flags, char *new)
{
	static int moves;
	long had = committed();

	move(old, old_size, new_size, flags, new);
	had = committed() - had;
	say(had ? "mremap %d commits %+ldp\n" : "mremap %d commits %ldp\n", ++moves, had);
}
