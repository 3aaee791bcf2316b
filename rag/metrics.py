"""What is counted of answers and of documents. Counting costs microseconds and is always on; showing it is a setting.

The labels are ours alone: nothing that a client sends becomes one.
"""

from prometheus_client import Counter, Histogram

ANSWERS = Counter(
    "monitora_answers",
    "Answers that ended: generated, cached (repeated from the cache), stopped (by their reader) or failed.",
    ["outcome"],
)
ANSWER_FAILURES = Counter("monitora_answer_failures", "Answers that failed, by the code the reader was told.", ["code"])
ANSWER_SECONDS = Histogram(
    "monitora_answer_duration_seconds",
    "From the beginning of an answer to its last event, retrieval and storage included.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120),
)
FIRST_TOKEN_SECONDS = Histogram(
    "monitora_answer_first_token_seconds",
    "From the beginning of an answer to the model's first piece of text.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30),
)
CACHE_LOOKUPS = Counter(
    "monitora_cache_lookups", "Questions looked up in the cache of answers: hit or miss.", ["result"]
)
REWRITES = Counter(
    "monitora_rewrites",
    "Follow-ups given to a model to be rewritten: rewritten, unusable (what it wrote was no question) or failed.",
    ["outcome"],
)
MODEL_TOKENS = Counter(
    "monitora_model_tokens",
    "Tokens that models read (input) and wrote (output), by operation.",
    ["operation", "direction"],
)
DOCUMENTS = Counter("monitora_documents", "Documents that were indexed (ready) or could not be (failed).", ["outcome"])
DOCUMENT_SECONDS = Histogram(
    "monitora_document_duration_seconds",
    "From taking a document out of the queue to its end.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
)
