/* ---------------------------------------------------------------------------------------------------------------
 * One word for what a move did, from what could be seen before and after it.
 */
#define MOST_PAGES (1ULL << 20)

struct snapshot {
	int count;
	struct vma vmas[MOST_VMAS];
	int knows_presence;
	unsigned char present[MOST_PAGES / 8];  /* of the pages of the source */
};

static u64 whole_pages(u64 size)
{
	return (size + P - 1) & ~(P - 1);
}

/* The places that the kernel chose, in the order of the moves that found them. */
static struct { u64 start, end; } chosen[256];
static int chosen_count;

static int is_chosen(const struct vma *vma)
{
	for (int i = 0; i < chosen_count; i++)
		if (vma->start < chosen[i].end && chosen[i].start < vma->end)
			return 1;
	return 0;
}

static int add_vma(const struct vma *vma, void *data)
{
	struct snapshot *snapshot = data;

	if (vma->start >= ARENA_END && !chosen_count)
		return 0;
	if ((vma->start < ARENA_START || vma->start >= ARENA_END) && !is_chosen(vma))
		return 1;
	if (snapshot->count == MOST_VMAS)
		stop(BROKEN, "more than %d mappings", MOST_VMAS);
	snapshot->vmas[snapshot->count++] = *vma;
	return 1;
}

static u64 source_pages(const struct step *move)
{
	u64 pages = whole_pages(move->new_size) / P;

	return pages < MOST_PAGES ? pages : MOST_PAGES;
}

static void look(struct snapshot *snapshot, const struct step *move)
{
	snapshot->count = 0;
	each_vma(add_vma, snapshot);
	/* With DONTUNMAP the source stays mapped: only its emptied page tables show that it was moved. */
	snapshot->knows_presence =
		move->flags & DONTUNMAP && presence(move->address, source_pages(move), snapshot->present);
}

static const struct vma *vma_at(const struct snapshot *snapshot, u64 address)
{
	for (int i = 0; i < snapshot->count; i++)
		if (address < snapshot->vmas[i].end)
			return address >= snapshot->vmas[i].start ? &snapshot->vmas[i] : NULL;
	return NULL;
}

static int alike_at(const struct vma *a, const struct vma *b, u64 address)
{
	return !strcmp(a->prot, b->prot) && a->shared == b->shared && a->object == b->object &&
	       (a->object <= 3 || address - a->start + a->offset == address - b->start + b->offset);
}

static int same_vmas(const struct snapshot *a, const struct snapshot *b)
{
	if (a->count != b->count)
		return 0;
	for (int i = 0; i < a->count; i++)
		if (a->vmas[i].start != b->vmas[i].start || a->vmas[i].end != b->vmas[i].end ||
		    !alike_at(&a->vmas[i], &b->vmas[i], a->vmas[i].start))
			return 0;
	return 1;
}

/* Where the run of equal answers from `address` on ends, at most at `end`. */
static u64 run_end(const struct snapshot *snapshot, u64 address, u64 end)
{
	for (int i = 0; i < snapshot->count; i++) {
		const struct vma *vma = &snapshot->vmas[i];

		if (vma->end > address)
			return vma->start > address ? (vma->start < end ? vma->start : end) :
						      (vma->end < end ? vma->end : end);
	}
	return end;
}

/* Something came to a place where it was not: only a move does that. */
static int something_came(const struct snapshot *before, const struct snapshot *after)
{
	for (int i = 0; i < after->count; i++) {
		const struct vma *now = &after->vmas[i];

		for (u64 at = now->start; at < now->end; at = run_end(before, at, now->end)) {
			const struct vma *then = vma_at(before, at);

			if (!then || !alike_at(then, now, at))
				return 1;
		}
	}
	return 0;
}

static int mapped_between(const struct snapshot *snapshot, u64 start, u64 end)
{
	for (int i = 0; i < snapshot->count; i++)
		if (snapshot->vmas[i].start < end && start < snapshot->vmas[i].end)
			return 1;
	return 0;
}

static const char *judge_failure(const struct step *move, const struct snapshot *before, const struct snapshot *after)
{
	u64 source = move->address & ~(P - 1), target = move->new_address & ~(P - 1);
	u64 length = whole_pages(move->new_size);
	int lost = 0;

	if (something_came(before, after))
		return "partial";
	if (!same_vmas(before, after)) {
		for (int i = 0; i < before->count; i++) {
			const struct vma *then = &before->vmas[i];

			for (u64 at = then->start, end; at < then->end; at = end) {
				end = run_end(after, at, then->end);
				if (vma_at(after, at))
					continue;
				lost = 1;
				u64 first = at > source ? at : source;
				u64 last = end < source + length ? end : source + length;

				/* moved onto a mapping that looks the same */
				if (first < last && mapped_between(after, first - source + target, last - source + target))
					return "partial";
			}
		}
	}
	if (before->knows_presence && after->knows_presence)
		for (u64 page = 0; page < source_pages(move); page++)
			if (has(before->present, page) && !has(after->present, page) &&
			    vma_at(after, source + page * P))
				return "partial";
	return lost ? "damaged" : "refused";
}

/* Sizes of huge pages round up to huge pages. */
static int equal_sizes(const struct step *move, const struct snapshot *before)
{
	u64 old = whole_pages(move->size), new = whole_pages(move->new_size), huge = 2 << 20;
	const struct vma *vma = vma_at(before, move->address);

	return old == new || (vma && !(move->address % huge) && (old + huge - 1) / huge == (new + huge - 1) / huge &&
			      (starts(vma->name, "/anon_hugepage") || starts(vma->name, "/memfd:huge")));
}

static const char *judge(const struct step *move, int error, u64 result, const struct snapshot *before,
			 const struct snapshot *after)
{
	if (error)
		return judge_failure(move, before, after);
	if (!whole_pages(move->size))
		return "duplicated";
	if (result == move->address)
		return equal_sizes(move, before) ? "unchanged" : "resized";
	return result < P ? "unchanged" : "moved"; /* 5.16 returned EFAULT with the wrong sign, as an address */
}
