"""Node embeddings by random walks."""

import logging
import zlib

import numpy as np
from gensim.models import Word2Vec
from scipy import sparse

from deepaid_core.domain.batches import FloatArray, IntArray

__all__ = ["embed_nodes", "random_walks"]

# It warns of small corpora, which graphs of logins are.
logging.getLogger("gensim").setLevel(logging.ERROR)


def random_walks(
    joined: "sparse.csr_array", *, walks: int, length: int, random: np.random.Generator
) -> IntArray:
    """Walks that go over a link as often as logins did, (n * walks, length).

    Args:
        joined: (n, n), logins that joined two nodes, both ways.
        walks: Walks that start at each node.
        length: Nodes of a walk; a node without a link stays where it is.
        random: Drawn from.
    """
    n = joined.shape[0]
    # One rising line of all weights: a draw between a node's two ends falls on one of its links.
    line = np.concatenate([[0.0], np.cumsum(joined.data.astype(np.float64))])
    low, high = line[joined.indptr[:-1]], line[joined.indptr[1:]]
    last = np.maximum(joined.indptr[1:] - 1, 0)
    at = np.tile(np.arange(n), walks)
    steps = [at]
    for _ in range(length - 1):
        drawn = low[at] + random.random(len(at)) * (high[at] - low[at])
        place = np.minimum(np.searchsorted(line, drawn, side="right") - 1, last[at])
        at = np.where(high[at] > low[at], joined.indices[place], at)
        steps.append(at)
    return np.stack(steps, axis=1).astype(np.int64)


def embed_nodes(
    joined: "sparse.csr_array",
    *,
    dimensions: int,
    walks: int,
    length: int,
    window: int,
    epochs: int,
    seed: int,
) -> FloatArray:
    """A vector of length sqrt(dimensions) for each node, (n, dimensions).

    References:
        Perozzi et al., DeepWalk: Online Learning of Social Representations, KDD 2014.
    """
    random = np.random.default_rng(seed)
    paths = random_walks(joined, walks=walks, length=length, random=random)
    sentences = [list(map(str, path)) for path in paths[random.permutation(len(paths))].tolist()]
    model = Word2Vec(
        sentences,
        vector_size=dimensions,
        window=window,
        min_count=0,
        sg=1,
        negative=5,
        # More workers, or Python's own hash, would give another embedding at each run.
        workers=1,
        hashfxn=_stable_hash,
        seed=seed + 1,
        epochs=epochs,
    )
    vectors = np.stack([model.wv[str(node)] for node in range(joined.shape[0])]).astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: FloatArray = vectors / np.maximum(lengths, 1e-12) * np.sqrt(dimensions)
    return scaled


def _stable_hash(text: str) -> int:
    return zlib.crc32(text.encode())
