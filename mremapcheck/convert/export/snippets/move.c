static void move(char *old, unsigned long old_size, unsigned long new_size, unsigned long flags, char *new)
{
	static int moves, places;
	long result;
	unsigned long held = resident((unsigned long)old, new_size);

	mappings(before);
	result = syscall(SYS_mremap, old, old_size, new_size, flags, new);
	say("mremap %d: ", ++moves);
	if (result == -1) {
		const char *name = errno_name(errno);

		mappings(after);
		say("%s, %s\n", name, judge((unsigned long)old, (unsigned long)new, new_size, held));
		return;
	}
	const struct region *found = region_of(result);

	/* A place that the kernel chose: such a one may be a part of another that was left. */
	if (result > (long)P && (char *)result != old && (!found || !strncmp(found->name, "elsewhere", 9))) {
		unsigned long end = (result + new_size + P - 1) / P * P;
		struct region place = { "elsewhere", result, (end - result) / P, result, end };

		if (places++)
			snprintf(place.name, sizeof(place.name), "elsewhere%d", places);
		regions[region_count++] = place;
	}
	say("success, %s, ", (old_size + P - 1) / P == 0 ? "duplicated" :
	    (char *)result != old && result > (long)P ? "moved" :
	    (old_size + UNIT - 1) / UNIT == (new_size + UNIT - 1) / UNIT ? "unchanged" : "resized");
	say_address(result);
	say("\n");
}
