/* ---------------------------------------------------------------------------------------------------------------
 * What is left: mappings first, then counters, and the contents last, because reading changes things.
 */
#define MOST_RUNS 4096

struct run {
	char mark;
	u64 pages;
};

struct drawing {
	struct run runs[MOST_RUNS];
	int run_count;
	u64 drawn;
};

/* A region, or a place that the kernel chose. */
struct zone {
	const char *name;
	u64 start, pages, floor, ceiling;
	struct drawing contents, bits[2];
};

/* Bits of the pagemap. */
static const struct { const char *name; int bit; enum what made_by; } bits_known[2] = {
	{ "uffd-wp", 57, DO_WRITEPROTECT }, { "soft-dirty", 55, DO_CLEAR_REFS },
};

static struct zone zones[96];
static int zone_count, place_count;
static struct vma seen[MOST_VMAS];
static char seen_flags[MOST_VMAS][128];  /* their VmFlags */
static int seen_keys[MOST_VMAS];         /* their protection keys */
static int seen_count;
static u64 locked, total, pages_elsewhere;

static void add_zone(const char *name, u64 start, u64 pages, u64 floor, u64 ceiling)
{
	struct zone *zone = &zones[zone_count];

	if (zone_count == (int)ARRAY_SIZE(zones))
		stop(BROKEN, "more than %d places", zone_count);
	zone_count++;
	zone->name = name;
	zone->start = start;
	zone->pages = pages;
	zone->floor = floor;
	zone->ceiling = ceiling;
}

/* What an address belongs to: the kernel likes to use a place again that was left, so the last one counts. */
static struct zone *zone_of(u64 address)
{
	for (int i = zone_count - 1; i >= 0; i--)
		if (zones[i].floor <= address && address < zones[i].ceiling)
			return &zones[i];
	return NULL;
}

/* Where the zone of an address may end: the next start or end of one, or `end`. */
static u64 next_bound(u64 address, u64 end)
{
	for (int i = 0; i < zone_count; i++) {
		if (address < zones[i].floor && zones[i].floor < end)
			end = zones[i].floor;
		if (address < zones[i].ceiling && zones[i].ceiling < end)
			end = zones[i].ceiling;
	}
	return end;
}

static void find_zones(const struct scenario *scenario)
{
	const struct region *regions = scenario->regions;
	static char names[ARRAY_SIZE(zones)][16];

	for (int i = 0; i < scenario->region_count; i++)
		add_zone(regions[i].name, regions[i].start, regions[i].pages, regions[i].floor, regions[i].ceiling);
	for (int i = 0, move = 0; i < scenario->step_count; i++) {
		const struct step *step = &scenario->steps[i];

		if (step->what != DO_MREMAP)
			continue;
		u64 result = moves[move].result, size = whole_pages(step->new_size);

		if (step->address >= CHOSEN(1) && step->address < CHOSEN(100) && result == moves[move].from)
			moves[move].zone = scenario->region_count + (int)((step->address - CHOSEN(1)) / CHOSEN_ROOM);
		if (!is_placed(&moves[move++]))
			continue;
		moves[move - 1].zone = zone_count;
		char *name = names[place_count++ % (int)ARRAY_SIZE(names)];

		if (place_count == 1)
			strcpy(name, "elsewhere");
		else
			snprintf(name, sizeof(names[0]), "elsewhere%d", place_count % 1000);
		add_zone(name, result, size / P, result, result + size);
	}
}

static void keep(const struct vma *vma)
{
	if (seen_count == MOST_VMAS)
		stop(BROKEN, "more than %d mappings", MOST_VMAS);
	seen[seen_count++] = *vma;
}

/* Keep what lies in the arena or at a place that the kernel chose, cut to that; count the pages of all the rest. */
static int keep_vma(const struct vma *vma, void *data)
{
	(void)data;
	if (starts(vma->name, "[vsyscall]"))
		return 1;
	if (vma->start >= ARENA_START && vma->start < ARENA_END) {
		keep(vma);
		return 1;
	}
	for (u64 at = vma->start, end; at < vma->end; at = end) {
		struct vma kept = *vma;

		end = next_bound(at, vma->end);
		kept.start = at;
		kept.end = end;
		kept.offset += kept.object > 3 ? at - vma->start : 0;
		if (zone_of(at))
			keep(&kept);
		else
			pages_elsewhere += (end - at) / P;
	}
	return 1;
}

static void draw(struct drawing *drawing, char mark, u64 pages)
{
	struct run *last = drawing->run_count ? &drawing->runs[drawing->run_count - 1] : NULL;

	drawing->drawn += pages;
	if (!pages)
		return;
	if (last && last->mark == mark) {
		last->pages += pages;
	} else {
		if (drawing->run_count == MOST_RUNS)
			stop(BROKEN, "a drawing of more than %d runs", MOST_RUNS);
		drawing->runs[drawing->run_count++] = (struct run){ mark, pages };
	}
}

static char letter_of(u64 tag)
{
	return (tag & 0xff) == TAG_MAGIC && (tag >> 8 & 0xff) ? (char)(tag >> 8) : '_';
}

/* Draw what the pages of one mapping hold, from `from` on: a page that was never touched is known to be zero. */
static void draw_contents(struct drawing *drawing, const struct vma *vma, u64 from)
{
	static unsigned char present[MOST_PAGES / 8];
	static u64 tags[BATCH];
	u64 pages = (vma->end - from) / P, done = 0;
	int sparse = vma->plain && pages <= MOST_PAGES && presence(from, pages, present);

	if (vma->prot[0] != 'r')
		mprotect((void *)(unsigned long)vma->start, vma->end - vma->start, PROT_READ);
	while (done < pages) {
		u64 wanted = 0;

		while (sparse && done < pages && !has(present, done)) {
			draw(drawing, '_', 1);
			done++;
		}
		while (done + wanted < pages && wanted < BATCH && (!sparse || has(present, done + wanted)))
			wanted++;
		if (!wanted)
			break;
		int got = read_tags(from + done * P, wanted, tags);

		for (int i = 0; i < got; i++)
			draw(drawing, letter_of(tags[i]), 1);
		done += (u64)got;
		if (!got) {
			draw(drawing, '?', 1);
			done++;
		}
	}
}

/* VmFlags and protection keys of what was seen, while it is as the scenario left it: userfaultfds are open, and nothing was made readable. */
static void keep_flags(void)
{
	static struct reader reader;
	char line[512];
	u64 from, to;
	int at = 0, key = 0;

	reader.fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	reader.used = reader.at = 0;
	while (reader.fd >= 0 && at < seen_count && next_line(&reader, line, sizeof(line))) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			while (at < seen_count && seen[at].end <= from)
				at++;
		else if (sscanf(line, "ProtectionKey: %d", &key) == 1)
			seen_keys[at] = key;
		else if (starts(line, "VmFlags:") && seen[at].start < to && from < seen[at].end)
			snprintf(seen_flags[at++], sizeof(seen_flags[0]), "%.127s", line);
	}
	close(reader.fd);
}

static int makes(const struct scenario *scenario, enum what made_by)
{
	for (int i = 0; i < scenario->step_count; i++)
		if (scenario->steps[i].what == made_by)
			return 1;
	return 0;
}

/* Draw which pages have a bit of the pagemap, before anything that is read changes it. */
static void draw_bits(const struct scenario *scenario)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	for (int bit = 0; bit < (int)ARRAY_SIZE(bits_known); bit++)
		for (int i = 0; makes(scenario, bits_known[bit].made_by) && i < seen_count; i++) {
			struct zone *zone = zone_of(seen[i].start);
			u64 from = seen[i].start, entry;

			if (!zone || seen[i].end <= zone->start)
				continue;
			if (from < zone->start)
				from = zone->start;
			draw(&zone->bits[bit], '.', (from - zone->start) / P - zone->bits[bit].drawn);
			for (; from < seen[i].end; from += P) {
				if (pread(pagemap, &entry, 8, (off_t)(from / P * 8)) != 8)
					stop(BROKEN, "/proc/self/pagemap cannot be read: %s", errno_name(errno));
				draw(&zone->bits[bit], entry >> bits_known[bit].bit & 1 ? '#' : '-', 1);
			}
		}
	close(pagemap);
}

static void observe(const struct scenario *scenario)
{
	give_map_slots_back();
	lift_limits();
	uffd_settle();
	find_zones(scenario);
	each_vma(keep_vma, NULL);
	locked = status_pages("VmLck");
	total = status_pages("VmSize") - pages_elsewhere;
	keep_flags();
	draw_bits(scenario);
	uffd_close();
	for (int i = 0; i < seen_count; i++) {
		struct zone *zone = zone_of(seen[i].start);
		u64 from = seen[i].start;

		if (!zone || seen[i].end <= zone->start)
			continue;
		if (from < zone->start)
			from = zone->start;
		draw(&zone->contents, '.', (from - zone->start) / P - zone->contents.drawn);
		if (seen[i].object == 1 || seen[i].object == 2)   /* the vdso's and the vvar's are nobody's data */
			draw(&zone->contents, '_', (seen[i].end - from) / P);
		else
			draw_contents(&zone->contents, &seen[i], from);
	}
	for (int i = 0; i < zone_count; i++)
		if (zones[i].contents.drawn < zones[i].pages)
			draw(&zones[i].contents, '.', zones[i].pages - zones[i].contents.drawn);
}
