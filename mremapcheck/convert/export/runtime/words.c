/* ---------------------------------------------------------------------------------------------------------------
 * What was seen, in the words in which it is expected: `moves[0].errno`, `regions.src`, `layout.dst` ...
 */
static char words[1 << 16];
static size_t words_used;

static PRINTF(1, 2) void say(const char *format, ...)
{
	size_t room = sizeof(words) - words_used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(words + words_used, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		words_used += (size_t)length < room ? (size_t)length : room - 1;
}

static void say_place(const struct zone *zone, u64 address)
{
	int below = address < zone->start;
	u64 offset = below ? zone->start - address : address - zone->start;

	say("%s", zone->name);
	if (offset / P)
		say("%c%llup", below ? '-' : '+', offset / P);
	if (offset % P)
		say("%c%lluB", below ? '-' : '+', offset % P);
}

static void say_address(u64 address)
{
	for (int i = 0; i < zone_count; i++)
		if (address >= zones[i].floor && address <= zones[i].ceiling) {
			say_place(&zones[i], address);
			return;
		}
	say("0x%llx", address);
}

static void say_drawing(const struct drawing *drawing)
{
	int count = drawing->run_count;

	while (count && drawing->runs[count - 1].mark == '.')
		count--;
	for (int i = 0; i < count; i++) {
		const struct run *run = &drawing->runs[i];

		if (run->pages > 16)
			say("%c{%llu}", run->mark, run->pages);
		for (u64 page = 0; run->pages <= 16 && page < run->pages; page++)
			say("%c", run->mark);
	}
	if (!count)
		say(".");
}

static void say_layout(const struct zone *zone)
{
	const char *between = "";

	for (int i = 0; i < seen_count; i++) {
		long long start = (long long)(seen[i].start - zone->start);

		if (zone_of(seen[i].start) != zone)
			continue;
		say("%s%lld+%llu", between, start / (long long)P, (seen[i].end - seen[i].start) / P);
		between = " ";
	}
	if (!*between)
		say("no mapping");
}

static void say_events(void)
{
	for (int i = 0; i < report->event_count; i++) {
		const struct event *event = &report->events[i];

		say("%s%s=", i ? "; " : "", event->kind == EVENT_REMAP ? "remap from" : "unmap start");
		say_address(event->first);
		say(event->kind == EVENT_REMAP ? " to=" : " end=");
		say_address(event->second);
		if (event->kind == EVENT_REMAP)
			say(" len=%llup", event->third / P);
	}
	if (!report->event_count)
		say("none");
}

static const struct zone *zone_named(const char *name)
{
	for (int i = 0; i < zone_count; i++)
		if (!strcmp(zones[i].name, name))
			return &zones[i];
	return NULL;
}

/* What is said of `src[0].prot`, or of `src`: how many mappings it has. */
static void say_mapping(const char *what)
{
	char name[64], field[16];
	const struct vma *vma = NULL;
	const char *flags = "";
	int index = -1, count = 0, key = 0, parts = sscanf(what, "%63[^[][%d].%15s", name, &index, field);
	const struct zone *zone = zone_named(parts == 3 ? name : what);

	for (int i = 0; zone && i < seen_count; i++)
		if (zone_of(seen[i].start) == zone && count++ == index && parts == 3) {
			vma = &seen[i];
			flags = seen_flags[i];
			key = seen_keys[i];
		}
	if (parts != 3)
		say("%d", count);
	else if (!vma)
		say("no mapping");
	else if (!strcmp(field, "prot"))
		say("%.3s", vma->prot);
	else if (!strcmp(field, "sharing"))
		say(vma->shared ? "shared" : "private");
	else if (!strcmp(field, "offset"))
		say("%llup", vma->object ? vma->offset / P : 0);
	else if (!strcmp(field, "pkey"))
		say("%d", key);
	else if (starts(field, "VmFlags.")) {
		field[7] = ' ';
		say(strstr(flags, field + 7) ? "yes" : "no");
	}
}

/* Return what was seen there; the text is good until the next call. */
static const char *words_for(const char *where)
{
	const struct zone *zone;
	char field[16], region[64];
	int index;

	words_used = 0;
	words[0] = '\0';
	if (sscanf(where, "moves[%d].%15s", &index, field) == 2 && index < move_count) {
		if (!strcmp(field, "errno"))
			say("%s", moves[index].error ? errno_name(moves[index].error) : "none");
		else if (!strcmp(field, "verdict"))
			say("%s", moves[index].verdict);
		else if (!strcmp(field, "committed"))
			say(report->committed[index] ? "%+lldp" : "%lldp", report->committed[index]);
		else if (moves[index].error)
			say("none");
		else if (moves[index].zone)
			say_place(&zones[moves[index].zone], moves[index].result);
		else
			say_address(moves[index].result);
	} else if (starts(where, "regions.")) {
		zone = zone_named(where + 8);
		if (zone)
			say_drawing(&zone->contents);
		else
			say(".");
	} else if (sscanf(where, "bits.%15[^.].%63s", field, region) == 2) {
		zone = zone_named(region);
		for (int bit = 0; zone && bit < (int)ARRAY_SIZE(bits_known); bit++)
			if (!strcmp(bits_known[bit].name, field))
				say_drawing(&zone->bits[bit]);
		if (!zone)
			say(".");
	} else if (starts(where, "layout.")) {
		zone = zone_named(where + 7);
		if (zone)
			say_layout(zone);
		else
			say("no mapping");
	} else if (starts(where, "mappings.")) {
		say_mapping(where + 9);
	} else if (!strcmp(where, "counters.locked")) {
		say("%llup", locked);
	} else if (!strcmp(where, "counters.total")) {
		say("%llup", total);
	} else if (!strcmp(where, "events")) {
		say_events();
	}
	return words;
}

static void note_everything(const struct scenario *scenario)
{
	char where[256];

	for (int i = 0; i < move_count; i++)
		for (int field = 0; field < 3 + scenario->committed; field++) {
			static const char *const fields[] = { "errno", "result", "verdict", "committed" };

			snprintf(where, sizeof(where), "moves[%d].%s", i, fields[field]);
			note("# %s: %s\n", where, words_for(where));
		}
	for (int i = 0; i < zone_count; i++) {
		snprintf(where, sizeof(where), "regions.%.200s", zones[i].name);
		note("# %s: %s\n", where, words_for(where));
		snprintf(where, sizeof(where), "layout.%.200s", zones[i].name);
		note("# %s: %s\n", where, words_for(where));
	}
	for (int bit = 0; bit < (int)ARRAY_SIZE(bits_known); bit++)
		for (int i = 0; makes(scenario, bits_known[bit].made_by) && i < zone_count; i++) {
			snprintf(where, sizeof(where), "bits.%s.%.200s", bits_known[bit].name, zones[i].name);
			note("# %s: %s\n", where, words_for(where));
		}
	note("# counters.locked: %s\n", words_for("counters.locked"));
	note("# counters.total: %s\n", words_for("counters.total"));
	note("# events: %s\n", words_for("events"));
}
