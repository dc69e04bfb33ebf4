"""What a text still determines: the grids of all points of the province that agree with what is left of it.

Brute force over the points; names of divisions are shortened by rules of our own. No code of the product.
"""
import array
import collections
import functools

VILLAGE_ENDINGS = (("社区居民委员会", "社区"), ("社区居委会", "社区"), ("居民委员会", ""), ("居委会", ""), ("村民委员会", "村"), ("村委会", "村"))
TOWN_ENDINGS = ("街道办事处", "街道", "镇", "瑶族乡", "壮族瑶族乡", "畲族乡", "乡")
COUNTY_ENDINGS = ("壮族瑶族自治县", "瑶族自治县", "自治县", "新区", "区", "县", "市")


def without(name, endings):
    """`name` without the first ending that leaves two characters or more."""
    for ending in endings:
        if name.endswith(ending) and len(name) - len(ending) >= 2:
            return name[:-len(ending)]
    return name


def town_forms(name, county):
    """Full (without the county, which stands before it anyway) and short."""
    full = name.removeprefix(county) if len(name) - len(county) >= 3 else name
    return full, without(full, TOWN_ENDINGS)


def village_forms(name, town):
    """Committee, as in addresses, short: 田东社区居民委员会, 田东社区, 田东."""
    at = name.find(town)
    full = name[at + len(town):] if at >= 0 and len(name) - at - len(town) > 2 else name
    plain = full
    for ending, instead in VILLAGE_ENDINGS:
        if full.endswith(ending) and len(full) > len(ending):
            stem = full[:-len(ending)]
            plain = stem if stem.endswith(instead) else stem + instead
            break
    return full, plain, without(plain, ("社区", "村"))


class Neighbours:
    """Names within one edit of a text: a character put, taken, replaced, or two exchanged."""

    def __init__(self, names):
        self.by_part = collections.defaultdict(list)
        for name in names:
            for part in self.parts(name):
                self.by_part[part].append(name)

    @staticmethod
    def parts(text):
        return {text} | {text[:i] + text[i + 1:] for i in range(len(text))}

    @functools.lru_cache(maxsize=200_000)
    def of(self, text):
        found = {name for part in self.parts(text) for name in self.by_part.get(part, ())}
        return frozenset(name for name in found if one_edit(text, name))


def one_edit(a, b):
    if abs(len(a) - len(b)) > 1:
        return False
    i = 0
    while i < len(a) and i < len(b) and a[i] == b[i]:
        i += 1
    return (a[i:] == b[i:] or a[i + 1:] == b[i + 1:] or a[i + 1:] == b[i:] or a[i:] == b[i + 1:]
            or (a[i:i + 2] == b[i:i + 2][::-1] and a[i + 2:] == b[i + 2:]))


class Province:
    def __init__(self, points):
        self.points = points
        self.number = {name: {text: i for i, text in enumerate(texts)} for name, texts in points.names.items()}
        value = points.value
        self.of_village, self.of_estate = collections.defaultdict(lambda: array.array("i")), collections.defaultdict(lambda: array.array("i"))
        self.of_road = collections.defaultdict(lambda: array.array("i"))
        self.of_door = collections.defaultdict(lambda: array.array("i"))
        for i, (village, estate, road, number) in enumerate(zip(value["village_code"], value["estate"], value["road"], value["number"])):
            self.of_village[village].append(i)
            self.of_estate[estate].append(i)
            self.of_road[road].append(i)
            self.of_door[road, number].append(i)
        self.bearers = collections.defaultdict(set)  # name of any division -> villages in it
        self.counties = collections.defaultdict(set)  # city -> counties
        self.is_rural = {}
        for village, its in self.of_village.items():
            i = its[0]
            city, county, town, name = (points.get(c, i) for c in ("city", "county", "town", "village"))
            self.counties[city].add(county)
            for text in {city, without(city, ("市",)), county, without(county, COUNTY_ENDINGS), town, *town_forms(town, county), name,
                         *village_forms(name, town)}:
                self.bearers[text].add(village)
            for full in {town, town_forms(town, county)[0]}:
                if full.endswith("街道"):
                    self.bearers[full + "办"].add(village)
                    self.bearers[full + "办事处"].add(village)
            if village_forms(name, town)[0].endswith(("居委会", "居民委员会")):
                self.bearers[village_forms(name, town)[2] + "社区"].add(village)
        self.bearers = {name: frozenset(villages) for name, villages in self.bearers.items()}
        self.near_names = Neighbours(sorted(set(self.bearers) | set(points.names["estate"]) - {""}))
        self.near_roads = Neighbours(sorted(points.names["road"]))

    def find(self, areas, roads=None, exact=()):
        """Points of which each set of `areas` names a division or the estate, whose road is one of `roads`, and which have
        the values of `exact`: pairs of column and text."""
        value = self.points.value
        exact = [(name, self.number[name].get(text, -1)) for name, text in exact if text is not None]
        tests = [(value[name], number) for name, number in exact]
        areas = [(set().union(*(self.bearers.get(n, ()) for n in names)),
                  {self.number["estate"][n] for n in names if n in self.number["estate"]}) for names in areas]
        if roads is not None:
            roads = [self.number["road"][r] for r in roads if r in self.number["road"]]
            number = dict(exact).get("number")
            if number is not None:
                lists = [self.of_door[road, number] for road in roads if (road, number) in self.of_door]
            else:
                lists = [self.of_road[road] for road in roads]
        else:
            plain = [villages for villages, estates in areas if not estates]
            both = set.intersection(*plain) if plain else None
            choices = [[self.of_village[v] for v in sorted(villages if both is None else villages & both)]
                       + [self.of_estate[e] for e in sorted(estates)] for villages, estates in areas if estates]
            if both is not None:
                choices.append([self.of_village[v] for v in sorted(both)])
            if not choices:
                return []
            lists = min(choices, key=lambda ls: sum(map(len, ls)))
        village, estate = value["village_code"], value["estate"]
        found = [i for points in lists for i in points if all(column[i] == number for column, number in tests)]
        for villages, estates in areas:
            found = [i for i in found if village[i] in villages or estate[i] in estates]
        return found

    def grids(self, *query):
        grid = self.points.grid
        return {grid[i] for i in self.find(*query)}
