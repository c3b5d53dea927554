"""Words and patterns of the writing checks (M3).

Numbers in names are fine: B2B, tier-1, 24/7, Q3, ISO 27001, 7-day. Sentences come with single
spaces. Every unanchored repetition has a limit, because long texts would take minutes otherwise.
"""

from __future__ import annotations

import re
from itertools import dropwhile, takewhile

_WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")

_NUMBER = r"(?<![\w./-])\d{1,20}(?:[.,\s]\d{1,20}){0,6}"
_CURRENCY = r"[€$£¥₹]"
_CURRENCY_WORD = r"(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|JPY|euros?|dollars?|pounds|francs|cents?)\b"
_SCALE = r"(?:k|mn?|bn|mio|mrd|thousand|million|billion)"
_PERCENT = (
    r"(?:%|‰|percent\b|per\s+cent\b|prozent\b|pct\b|pp\b|percentage\s+points?\b|basis\s+points?\b)"
)
_NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety|hundred)"
)
_UNIT = (
    r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|quarters?|years?|ms|h"
    r"|points?|pts|times|degrees|km|kg|tons?|tonnes|kwh|mwh|gb|mb|tb|m²|litres?|liters?"
    r"|customers?|clients?|users?|accounts?|buyers?|subscribers?|members?|people|employees|hires"
    r"|deals?|leads?|orders?|sales|contracts?|partners?|sites?|stores?|countries|markets"
    r"|incidents?|tickets?|bugs?|defects?|complaints?|errors?|releases?|visits?|visitors|sessions"
    r"|sign-?ups?|downloads?|installs?|requests?|calls?|meetings?|demos?|trials?|reviews?|stars?)"
)
_LITTLE = r"(?:the|a|an|our|and|or|of|in|on|to|for|from|at|with|per|as|is|our|their)\b"
# "Fortune 500 companies", "Tier 1 customers": the number is part of a name.
_NAMING = re.compile(
    r"(?:tier|level|phase|wave|version|grade|class|part|step|stage|type|zone|gate|day|top|number"
    r"|no|article|section|line|gen|generation|round|series|group|plan|chapter|horizon|h)\.?$",
    re.IGNORECASE,
)
_MEASURES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_NUMBER}\s?{_PERCENT}",
        rf"\b{_NUMBER_WORD}\s+{_PERCENT}",
        rf"{_CURRENCY}\s?\d",
        rf"\d\s?{_SCALE}?\s?(?:{_CURRENCY}|{_CURRENCY_WORD})",
        rf"\b{_CURRENCY_WORD}\s?\d",
        rf"\b(?:from|von)\s{_CURRENCY}?\d[\d.,]{{0,30}}\s?(?:\S{{1,30}}\s)?(?:to|auf)\s{_CURRENCY}?\d",
        rf"{_NUMBER}\s?[x×](?!\w)",
    )
)
_FIGURE_WITH_UNIT = re.compile(
    rf"(?P<figure>{_NUMBER})\s?(?:{_SCALE}\s)?(?:(?!{_LITTLE})[^\W\d]{{1,40}}\s)?{_UNIT}(?![\w-])",
    re.IGNORECASE,
)
_YEARS = re.compile(r"\b(?:from|von)\s+(?:19|20)\d\d\s+(?:to|auf)\s+(?:19|20)\d\d\b", re.IGNORECASE)

_PROJECT_ALONE = re.compile(
    r"\b(?:roll-?\s?outs?|go-live|work-?streams?|phase\s+(?:\d|[IVX]+\b|one|two|three)"
    r"|v\d+(?:\.\d+)*|version\s+\d|MVP|proof\s+of\s+concept)\b",
    re.IGNORECASE,
)
_PROJECT_NOUN = re.compile(
    r"\b(?:projects?|phases?|programmes?|programs?|pilots?|migrations?|implementations?|launch"
    r"|sprints?|milestones?|deployments?|integrations?)\b",
    re.IGNORECASE,
)
_PROJECT_VERB = re.compile(
    r"\b(?:deliver|complete|finish|finali[sz]e|close|launch|start|kick|run|implement|execute|build"
    r"|create|develop|design|deploy|introduce|set|establish|ship|release|conduct|carry|drive"
    r"|manage|lead|plan|continue|roll|do|initiate|begin|prepare|migrate|install|test|pilot)\b",
    re.IGNORECASE,
)

_ACTIVITY = re.compile(
    r"(?:hold|host|send|publish|write|ship|run|organi[sz]e|conduct|deliver|produce|create|make|post"
    r"|record|release|launch|build|complete|attend|give|present|draft|prepare|do|develop|execute"
    r"|issue|design|train|call|interview|visit|contact|share|sign up for|roll\s?out|implement"
    r"|introduce|install|deploy|translate|finish|finali[sz]e|migrate|set up|recruit|hire"
    r"|distribute)(?![\w-])",
    re.IGNORECASE,
)
_OUTPUT = re.compile(
    r"(?:(?:increase|raise|grow|double|boost|get)\s)?(?:(?:the|our)\s)?"
    rf"(?:(?:number|count|amount)\s+of\s|(?:\d{{1,9}}|{_NUMBER_WORD})\s)?"
    rf"(?:(?!{_LITTLE})[\w-]{{1,30}}\s){{0,2}}"
    r"(?:workshops|webinars|newsletters|articles|posts|case\s+studies|white\s?papers|guides|features"
    r"|releases|campaigns|events|trainings|sessions\s+held|presentations|reports|videos|podcasts"
    r"|episodes|interviews|meetings|documents|playbooks)"
    r"(?=$|\s(?:a|an|per|each|every|in|by|from|to|this)\b)",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:held|hosted|sent|published|written|shipped|organi[sz]ed|conducted|delivered|produced"
    r"|created|made|posted|recorded|released|launched|built|drafted|attended|given|run)"
    r"\b(?P<last>$)?",
    re.IGNORECASE,
)
_COUNT = re.compile(
    rf"\d|\b(?:number|count|amount)\s+of\b|\b{_NUMBER_WORD}\b|\b(?:a\s+dozen|several|weekly|monthly)\b",
    re.IGNORECASE,
)
_DEADLINE = re.compile(
    rf"\b(?:within|under|in\s+(?:less|fewer|under)(?:\s+than)?)\s+(?:\d+(?:[.,]\d+)?|{_NUMBER_WORD}|a|an)"
    r"\s+(?:(?:working|business|calendar)\s+)?(?:minutes?|hours?|days?|weeks?|months?)\b",
    re.IGNORECASE,
)
_SPAN = re.compile(
    rf"{_DEADLINE.pattern}|\b(?:after|for|(?:in|for|during|over)\s+(?:the|their|its|our)\s+(?:first|next|last))"
    rf"\s+(?:\d{{1,4}}|{_NUMBER_WORD})\s+(?:days?|weeks?|months?|years?)\b",
    re.IGNORECASE,
)
_RATIO = re.compile(rf"\A{_PERCENT}|\b(?:ratio|rate|share|proportion)\b", re.IGNORECASE)
_OUTCOME = re.compile(
    r"%|‰|\b(?:percent|per\s+cent|share|rate|ratio|score|nps|csat|median|average|mean|revenue|margin"
    r"|conversions?|convert\w*|retention|retain\w*|churn|satisfaction|adoption|adopt\w*|time\s+to"
    r"|latency|return\w*|renew(?:s|ed)?|so\s+that|which|that|who|leading\s+to|resulting\s+in|to\s+win"
    r"|at\s+least\s+\d+\s*%)\b",
    re.IGNORECASE,
)
_VAGUE_VERB = re.compile(
    r"\A(?:improv(?:e[sd]?|ing)|increas(?:e[sd]?|ing)|enhanc(?:e[sd]?|ing)|optimi[sz](?:e[sd]?|ing)"
    r"|rais(?:e[sd]?|ing)|reduc(?:e[sd]?|ing)|driv(?:e[sn]?|ing)|creat(?:e[sd]?|ing)"
    r"|achiev(?:e[sd]?|ing)|ensur(?:e[sd]?|ing)|promot(?:e[sd]?|ing)|elevat(?:e[sd]?|ing)"
    r"|accelerat(?:e[sd]?|ing)|advanc(?:e[sd]?|ing)|simplif(?:y|ies|ied|ying)|scal(?:e[sd]?|ing)"
    r"|maximi[sz](?:e[sd]?|ing)|(?:keep|maintain|boost|strengthen|foster|deepen|support|develop|lift|transform"
    r"|expand|streamline|sharpen|cultivate|nurture|encourage|lower|heighten|upgrade)(?:s|ed|d|ing)?"
    r"|gr[eo]w(?:s|n|ing)?|buil(?:d|ds|t|ding)|(?:make|made|making|do|fix|change|refine|have|get|be"
    r"|become|work)|better|more|stronger|higher|greater|deeper|great|good|world-class)\Z",
    re.IGNORECASE,
)
_ABSTRACT = {
    "stuff", "things", "everything", "something", "it", "ourselves", "situation", "work", "ways",
    "performance", "results", "outcomes", "operations", "process", "processes", "efficiency",
    "effectiveness", "productivity", "quality", "excellence", "innovation", "culture", "mindset",
    "engagement", "motivation", "morale", "communication", "communications", "collaboration",
    "cooperation", "teamwork", "alignment", "transparency", "trust", "awareness", "visibility",
    "presence", "brand", "image", "reputation", "experience", "experiences", "journey", "relations",
    "relationship", "relationships", "business", "company", "organisation", "organization",
    "growth", "success", "impact", "agility", "flexibility", "resilience", "sustainability",
    "leadership", "capability", "capabilities", "knowledge", "expertise", "competitiveness",
    "ecosystem", "community", "product", "products", "service", "services", "platform", "website",
    "app", "offering", "strategy", "security", "safety", "wellbeing", "well-being", "happiness",
    "clarity", "focus", "accountability", "ownership", "empowerment", "diversity", "inclusion",
    "maturity", "readiness", "digitalisation", "digitalization", "transformation", "momentum",
    "potential", "synergies", "usability", "stability", "reliability", "scalability", "onboarding",
    "complexity", "creativity", "better", "customer-centric", "data-driven", "agile", "innovative",
}  # fmt: skip
_MEASURED_BY = re.compile(
    r"\b(?:\w*score|rate|ratio|share|index|nps|enps|csat|median|average|mean|percentile|number\s+of"
    r"|count|per|measured|answers?|answered|responses?|revenue|sales|margin|costs?|time|hours?"
    r"|(?:so|such)\s+that|who|which)\b",
    re.IGNORECASE,
)
# The words at which the noun that a verb takes has ended.
_PHRASE_END = re.compile(
    rf"\A(?:{_LITTLE}|\d|(?:above|below|under|high|across|by|among|between|towards?|within|during|through|over|until|even"
    r"|are|has|have|significantly|noticeably|further|again|overall|everywhere|together)\Z)",
    re.IGNORECASE,
)
_MINOR = {"the", "a", "an", "our", "their", "your", "all", "on", "at"}

_CLOSING = ")”’\"'"
_BREAKS = re.compile(rf"[^\w.{_CLOSING}]")
_ABBREVIATIONS = {
    "vs", "no", "nr", "st", "dr", "mr", "mrs", "ms", "prof", "e.g", "i.e", "z.b", "d.h", "u.a",
    "bzw", "ca", "approx", "inc", "ltd", "co", "corp", "etc", "u.s", "u.k", "incl", "resp",
}  # fmt: skip
_NO_VERBS = {
    "a", "an", "the", "our", "we", "my", "your", "their", "every", "all", "each", "no", "not",
    "new", "more", "most", "less", "fewer", "better", "best", "great", "greater", "good", "higher",
    "lower", "faster", "stronger", "happy", "happier", "easy", "easier", "high", "strong", "smooth",
    "in", "on", "for", "by", "with", "at", "from", "of", "to", "as", "when", "where", "if", "that",
    "this", "these", "customers", "customer", "clients", "client", "users", "user", "team", "teams",
    "people", "employees", "employee", "partners", "partner", "sales", "revenue", "growth",
    "quality", "product", "products", "service", "services", "data", "brand", "churn", "nps",
    "onboarding", "platform", "company", "business", "everyone", "everybody", "world-class",
    "operational", "digital", "sustainable", "profitable", "first", "number", "zero", "one",
    "der", "die", "das", "ein", "eine", "unser", "unsere", "mehr", "bessere", "besserer", "alle",
}  # fmt: skip
_NOUN_ENDINGS = (
    "tion", "sion", "ment", "ness", "ship", "ance", "ence", "ability", "ibility", "ing",
)  # fmt: skip
_VERBS_IN_DISGUISE = {
    "bring", "implement", "experiment", "complement", "supplement", "position", "mention", "ring",
    "sing", "ship", "advance", "balance", "enhance", "finance", "influence", "experience",
    "transition", "cement", "spring", "swing", "reference", "commission", "partition", "question",
    "champion", "envision", "function", "document", "augment", "witness", "harness", "silence",
    "evidence", "condition", "auction", "caution", "provision", "wing",
}  # fmt: skip


def holds_measure(sentence: str) -> bool:
    """Return whether it has a percentage, a currency, "from x to y" or a number with a unit."""
    text = _SPAN.sub(" ", _YEARS.sub(" ", sentence))
    if any(pattern.search(text) for pattern in _MEASURES):
        return True
    return any(
        not _names(text, match.start("figure")) for match in _FIGURE_WITH_UNIT.finditer(text)
    )


def names_time_span(sentence: str) -> bool:
    """Return whether a time span is part of its meaning: "return within 30 days"."""
    return bool(_SPAN.search(sentence))


def names_no_measure(sentence: str) -> bool:
    """Return whether it has a vague verb with an abstract noun, and names nothing to count.

    Its numbers don't matter: "improve engagement by 20%" doesn't say how engagement is counted.
    """
    if _MEASURED_BY.search(sentence):
        return False
    words = _WORD.findall(sentence)
    verb = next((at for at, word in enumerate(words) if _VAGUE_VERB.match(word)), None)
    if verb is None:
        return False
    phrase = dropwhile(_MINOR.__contains__, map(str.casefold, words[:verb] or words[verb + 1 :]))
    nouns = list(takewhile(lambda word: not _PHRASE_END.match(word), phrase))
    return bool(nouns) and nouns[-1] in _ABSTRACT


def reads_like_project(sentence: str) -> bool:
    """Return whether it describes a project rather than an outcome."""
    if _PROJECT_ALONE.search(sentence):
        return True
    verb, noun = _PROJECT_VERB.search(sentence), _PROJECT_NOUN.search(sentence)
    return bool(verb and noun and _PROJECT_NOUN.search(sentence, verb.end()))


def starts_with_verb(sentence: str) -> bool:
    """Return whether the first word can be a verb; unknown words can."""
    match = _WORD.search(sentence)
    if match is None:
        return False
    first = match[0].casefold()
    if first in _NO_VERBS or first.isdigit():
        return False
    return first in _VERBS_IN_DISGUISE or not first.endswith(_NOUN_ENDINGS)


def counts_activity(sentence: str, *, counted: bool, unit: str = "") -> bool:
    """Return whether it counts work without an outcome.

    `counted` means that it has a target, in `unit`. A share is no count, nor is a deadline.
    """
    if _OUTCOME.search(sentence) or _RATIO.search(unit.strip()):
        return False
    text = _DEADLINE.sub(" ", sentence)
    if _ACTIVITY.match(sentence.strip()) or _OUTPUT.match(sentence.strip()):
        return counted or bool(_COUNT.search(text))
    ends_done = counted and any(match["last"] is not None for match in _DONE.finditer(sentence))
    return ends_done or bool(_DONE.search(text) and _COUNT.search(text))


def ends_sentence(word: str) -> bool:
    """Return whether the punctuation after this word ends a sentence."""
    closed = word.rstrip(_CLOSING)
    bare = closed.rstrip(".!?…")
    *_, last = _BREAKS.split(bare)
    plain = last.strip(f"({_CLOSING}").casefold()
    return bare != closed and len(plain) > 1 and plain not in _ABBREVIATIONS


def _names(text: str, end: int) -> bool:
    """Return whether the words before `end` make the number there part of a name."""
    words = text[max(0, end - 80) : end].split()
    if not words:
        return False
    named = len(words) > 1 and words[-1][:1].isupper()
    return named or bool(_NAMING.match(words[-1]))
