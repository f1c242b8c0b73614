"""The queries that oracle_test.py asks: chosen ones, and a generator of random ones."""

CHOSEN = """
temperature
temperature{job="api"}
temperature{job!="api",instance=~"a|b"}
temperature{instance!~"a.*"}
{__name__=~"temp.*|load"}
{__name__="up",job="db"}
temperature offset 10m
temperature offset -10m
temperature @ 1600005000
temperature @ start()
temperature @ end() offset 5m
short
short offset 90m
absent(short)
absent(nothing{a="b",c!="d",e=~"f"})
absent(nothing{a="b",a="c"})
absent(sum(nothing))
absent_over_time(short[5m])
absent_over_time(nothing{job="x",y=~"z"}[5m])
absent_over_time(nothing[5m:1m])
rate(requests_total[5m])
rate(requests_total[1m])
rate(requests_total[30s])
rate(requests_total[5m] offset 7m)
rate(requests_total[5m] @ 1600005000)
increase(requests_total[10m])
delta(temperature[10m])
irate(requests_total[5m])
idelta(temperature[5m])
deriv(temperature[15m])
predict_linear(temperature[15m], 3600)
predict_linear(temperature[15m] offset 5m, -600)
resets(requests_total[1h])
changes(up[30m])
holt_winters(temperature[20m], 0.3, 0.6)
holt_winters(temperature[20m], 1.5, 0.6)
holt_winters(temperature[20m], 0.5, 0)
avg_over_time(temperature[10m])
sum_over_time(load[30m])
min_over_time(temperature[10m])
max_over_time(temperature[10m])
count_over_time(temperature[10m])
last_over_time(temperature[10m])
present_over_time(short[10m])
stddev_over_time(load[20m])
stdvar_over_time(temperature[20m])
quantile_over_time(0.9, temperature[20m])
quantile_over_time(-1, temperature[20m])
quantile_over_time(2, temperature[20m])
quantile_over_time(NaN, temperature[20m])
quantile_over_time(scalar(up{job="api",instance="a"}), temperature[20m])
avg_over_time(odd[10m])
sum_over_time(odd[10m])
min_over_time(odd[10m])
max_over_time(odd[10m])
stddev_over_time(odd[10m])
quantile_over_time(0.5, odd[10m])
changes(odd[30m])
resets(odd[30m])
rate(odd[10m])
deriv(odd[10m])
avg_over_time(rate(requests_total[5m])[30m:1m])
max_over_time(sum by (job) (temperature)[10m:30s])
rate(requests_total[10m:])
sum_over_time(temperature[10m:45s] offset 3m)
sum_over_time((temperature > 0)[10m:45s])
last_over_time(temperature[10m:1m] @ 1600006000)
max_over_time(avg_over_time(rate(requests_total[2m])[10m:1m])[20m:2m])
sum_over_time(time()[5m:1m])
sum_over_time(vector(1)[5m:1m])
sum(temperature)
sum by (job) (temperature)
sum(temperature) by (job, nothing)
sum without (instance) (temperature)
avg(load)
avg by (job) (odd)
min(temperature)
max by (instance) (temperature)
count by (job) (up)
count(up == 0)
group by (job) (up)
stddev(temperature)
stdvar by (job) (load)
sum(odd)
avg(odd)
min(odd)
max(odd)
stddev(odd)
topk(2, load)
topk(1, load) by (job)
topk by (job) (2, load)
bottomk(3, load)
bottomk(2, odd)
topk(2, odd)
topk(0, load)
topk(100, load)
topk(scalar(sum(up)), load)
topk(NaN, load)
quantile(0.5, temperature)
quantile by (job) (0.25, load)
quantile(1.5, load)
count_values("value", up)
count_values by (job) ("value", up)
count_values without (instance) ("v", temperature)
count_values("bad-label", up)
sum by (__name__) ({__name__=~"up|temperature"})
sum by (job, le) (rate(latency_bucket[5m]))
histogram_quantile(0.9, rate(latency_bucket[5m]))
histogram_quantile(0.5, sum by (le) (rate(latency_bucket[10m])))
histogram_quantile(0.99, sum by (job, le) (latency_bucket))
histogram_quantile(-1, latency_bucket)
histogram_quantile(2, latency_bucket)
histogram_quantile(NaN, latency_bucket)
histogram_quantile(0.5, latency_bucket{le!="+Inf"})
histogram_quantile(0, latency_bucket)
histogram_quantile(1, latency_bucket)
histogram_quantile(0.5, temperature)
temperature + 1
1 - temperature
temperature * 2 ^ 3 ^ 0.5
-temperature
-temperature ^ 2
+temperature
2 ^ -1
-1 ^ 2
1 + 2 * 3 % 4 - 5 / 6
7 % -4
-7 % 4
1 / 0
-1 / 0
0 / 0
0x1F + 017 + 1e3 + .5
Inf - Inf
NaN
1 > bool 2
1 == bool 1
temperature > 10
10 < temperature
temperature > bool 10
10 < bool temperature
temperature != 0
temperature == temperature
temperature >= bool load
temperature atan2 load
load / ignoring(code) group_left requests_total
temperature / load
temperature + on(job, instance) load
temperature - ignoring(job) load
sum by (job) (temperature) / sum by (job) (load)
temperature * on(job) group_left(version) info
info * on(job) group_right(version) temperature
temperature * on(job) info
info * on(job) temperature
temperature * on(job) group_left(instance) info
temperature > on(job, instance) group_left() load
temperature and load > 10
temperature and on(job) info{version="9"}
temperature or load
temperature or on(job) info
(temperature > 0) or (load > 100)
temperature unless temperature > 0
temperature unless on(instance) up{job="api"} == 0
up and up == 1
up == 1 or up * 5
(temperature > 5) + (temperature < 10)
abs(temperature)
ceil(load)
floor(load)
round(load)
round(load, 0.3)
round(temperature, 5)
round(-temperature)
exp(temperature / 100)
sqrt(temperature)
ln(load)
log2(load)
log10(load)
sin(temperature)
cos(temperature)
tan(temperature)
asin(temperature / 60)
acos(temperature / 60)
atan(temperature)
sinh(temperature / 10)
cosh(temperature / 10)
tanh(temperature / 10)
asinh(temperature)
acosh(load)
atanh(temperature / 60)
rad(temperature)
deg(temperature)
sgn(temperature)
sgn(odd)
abs(odd)
ln(odd)
round(odd)
clamp(temperature, -10, 10)
clamp(temperature, 10, -10)
clamp_min(temperature, 3)
clamp_max(temperature, NaN)
clamp(odd, 0, 5)
pi()
time()
time() - timestamp(up)
timestamp(temperature)
timestamp(temperature offset 10m)
timestamp(temperature @ 1600005000)
timestamp(temperature + 1)
timestamp(timestamp(temperature))
hour()
minute()
month(vector(time()))
year(vector(time() * 2))
day_of_week(vector(time() * 1.5))
day_of_month(vector(time() / 3))
day_of_year(vector(1709164800))
days_in_month(vector(1709164800))
days_in_month(vector(-86400))
hour(temperature * 1e6)
vector(1)
vector(time())
scalar(temperature)
scalar(temperature{job="api",instance="a"})
scalar(sum(load)) + temperature
sort(temperature)
sort_desc(load)
sort(odd)
sort_desc(odd)
label_replace(temperature, "host", "$1-$2", "instance", "(.)(.*)")
label_replace(temperature, "host", "${name}x$$", "job", "(?P<name>a).*")
label_replace(temperature, "job", "", "job", "api")
label_replace(temperature, "host", "x", "nothing", "")
label_replace(temperature, "host", "x", "instance", "nomatch")
label_replace(temperature, "instance", "same", "instance", ".*")
label_replace(temperature, "bad-name", "x", "instance", ".*")
label_replace(temperature, "host", "x", "instance", "(")
label_join(temperature, "both", "-", "job", "instance")
label_join(temperature, "job", "")
label_join(temperature, "both", "-", "bad-name")
"a string"
'single \\' and \\x41'
temperature[5m]
temperature[5m:1m]
requests_total[2m] offset 5m
sum(rate(requests_total[5m])) by (job) / on(job) group_left sum(info) by (job)
sum(rate(requests_total{code="500"}[5m])) / sum(rate(requests_total[5m]))
100 * (1 - avg by (instance) (rate(requests_total[5m])))
avg_over_time(temperature[5m]) > bool avg_over_time(temperature[1h]) + 0.00012345678
max by (job) (max_over_time(temperature[1h])) - min by (job) (min_over_time(temperature[1h]))
{__name__=~".+"}
rate({__name__=~"requests_total|up"}[5m])
-{__name__=~"up|temperature"}
abs({__name__=~"up|temperature"})
last_over_time({__name__=~"up|temperature"}[5m])
sum(
sum)
temperature{
temperature{job}
temperature{job=5}
temperature{job=~"("}
temperature[5x]
temperature[5m
temperature[0s]
temperature offset
rate(temperature)
rate(5)
sum(temperature[5m])
temperature + "a"
{}
{job=~".*"}
foo bar
1 + 
nosuch(temperature)
temperature and 1
1 > 2
temperature + bool 1
temperature @ nothing
temperature offset 5m offset 6m
temperature{__name__="up"}
abs()
abs(temperature, 1)
topk(temperature)
histogram_quantile(latency_bucket)
label_join(temperature)
temperature * group_left info
temperature and on(job) group_left up
"unterminated
08
1e
0x
5m
sum by (job
sum by (5) (temperature)
bool
on
atan2
by
offset
start
end
sum
sum by
""".strip("\n")


def chosen_queries():
    return CHOSEN.split("\n")


# Two sums in another order differ in their last bit, and so do two libraries' exp(). So whatever jumps (comparisons,
# floor, counter resets, division by what may be zero) is asked only of stored values, and the rest of anything.
GAUGES = ("temperature", "load", "up")
JUMPING_WINDOWS = ("rate", "increase", "irate", "resets", "changes")
WINDOWS = ("delta", "idelta", "deriv", "avg_over_time", "sum_over_time", "min_over_time", "max_over_time",
           "count_over_time", "last_over_time", "present_over_time", "stddev_over_time", "stdvar_over_time")
JUMPING_ELEMENTS = ("ceil", "floor", "sgn", "round", "sqrt", "exp", "ln")
ELEMENTS = ("abs", "atan", "deg", "rad")
MATCHERS = ('job="api"', 'job=~"api|db"', 'instance!="a"', 'instance=~"[ab]"', 'job!~"x.*"', 'instance="c"')
DURATIONS = ("1m", "90s", "5m", "7m30s", "20m", "1h")


def selector(rng, name=None):
    matchers = rng.sample(MATCHERS, rng.choice((0, 0, 1, 2)))
    return (name or rng.choice(GAUGES + ("requests_total",))) + ("{%s}" % ",".join(matchers) if matchers else "")


def modifiers(rng):
    roll = rng.random()
    if roll < 0.12:
        return " offset " + rng.choice(("", "-")) + rng.choice(DURATIONS)
    if roll < 0.2:
        return " @ " + rng.choice(("start()", "end()", "1600004000", "1600004000.5"))
    return ""


def window(rng, depth):
    duration = rng.choice(DURATIONS)
    if rng.random() < 0.25:
        return "(%s)[%s:%s]%s" % (vector(rng, depth - 1), duration, rng.choice(("", "15s", "1m", "47s")), modifiers(rng))
    return "%s[%s]%s" % (selector(rng), duration, modifiers(rng))


def leaf(rng):
    return selector(rng) + modifiers(rng)


def vector(rng, depth):
    if depth <= 0:
        return leaf(rng)
    roll = rng.randrange(13)
    inner = lambda: vector(rng, depth - 1)
    if roll < 2:
        return "%s(%s)" % (rng.choice(WINDOWS), window(rng, depth))
    if roll < 4:
        return "%s(%s)" % (rng.choice(JUMPING_WINDOWS), window(rng, 0))
    if roll == 4:
        return "quantile_over_time(%s, %s)" % (rng.choice(("0.1", "0.5", "0.95")), window(rng, depth))
    if roll == 5:
        return "%s(%s)" % (rng.choice(ELEMENTS), inner())
    if roll == 6:
        return "%s(%s)" % (rng.choice(JUMPING_ELEMENTS), leaf(rng))
    if roll == 7:
        op = rng.choice(("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"))
        by = rng.choice(("", " by (job)", " by (instance, job)", " without (instance)", " by (nothing)"))
        return "%s%s (%s)" % (op, by, inner())
    if roll == 8:
        return "quantile by (job) (%s, %s)" % (rng.choice(("0.2", "0.5", "0.9")), inner())
    if roll == 9:
        # Without ties, whose order is nobody's.
        return "%s(%d, load%s)" % (rng.choice(("topk", "bottomk")), rng.randrange(1, 5), modifiers(rng))
    if roll == 10:
        return "(%s) %s %s" % (inner(), rng.choice(("+", "-", "*")), rng.choice(("2.5", "-3", "0.5", "pi()")))
    if roll == 11:
        op = rng.choice((">", "<", ">=", "<=", "==", "!=", "> bool", "< bool", "/", "%", "-"))
        scalar = rng.choice(("0", "1", "2.5", "-3", "1e3", 'scalar(up{job="api",instance="a"})', "time()"))
        return "(%s %s %s)" % (leaf(rng), op, scalar)
    left, right = "sum by (job, instance) (%s)" % inner(), "max by (job, instance) (%s)" % inner()
    op = rng.choice(("+", "-", "*", "and", "or", "unless", "+ on(job, instance)", "or on(job)", "and ignoring(instance)"))
    return "(%s %s %s)" % (left, op, right)


def random_query(rng):
    return vector(rng, rng.randrange(1, 4))
