/* The child goes on; what it finds is what the program ends with. */
static void go_on_in_child(void)
{
	int status = 0;
	pid_t child;

	fflush(stdout); /* or the child says it again */
	MUST(child = fork());
	if (!child)
		return;
	MUST(waitpid(child, &status, 0));
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
