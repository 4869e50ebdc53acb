# input 4 -> dense 3; loss kl
def loss(params: Params, cache: Cache, target: Any) -> float:
    """kl, L = t·(log t − y), mean over all elements."""
    y = cache["y"]
    B = len(y)
    target = as_probabilities("target", target, (B, 3))
    # spec.nn:1  loss kl
    # L = t·(log t − y), mean over all elements
    kl_loss = np.sum(xlogx(target) - target * y) / (3 * B)
    return float(kl_loss)


def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    x = cache["x"]
    B = len(x)
    target = as_probabilities("target", target, (B, 3))
    # spec.nn:1  loss kl
    d_y = -target / (3 * B)  # (B, 3)  dy = −t / (3*B)

    # spec.nn:1  dense 3
    d_dense1_b = np.sum(d_y, axis=0)  # (3,)  db = Σ dz over the rows
    d_dense1_W = x.T @ d_y  # (4, 3)  dW = xᵀ dz
    grads = {} if grads is None else grads
    grads.update(
        {
            "dense1.W": d_dense1_W,
            "dense1.b": d_dense1_b,
        }
    )
    return grads


# input 4 -> dense 3 -> scale 2; loss kl reduction=sum
def loss(params: Params, cache: Cache, target: Any) -> float:
    """kl, L = t·(log t − y), summed over all rows."""
    y = cache["y"]
    B = len(y)
    target = as_probabilities("target", target, (B, 3))
    # spec.nn:1  loss kl reduction=sum
    kl_loss = np.sum(xlogx(target) - target * y)  # L = t·(log t − y), summed over all rows
    return float(kl_loss)


def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    x = cache["x"]
    B = len(x)
    target = as_probabilities("target", target, (B, 3))
    # spec.nn:1  loss kl reduction=sum
    d_y = -target  # (B, 3)  dy = −t

    # spec.nn:1  scale 2
    d_dense1 = 2 * d_y  # (B, 3)

    # spec.nn:1  dense 3
    d_dense1_b = np.sum(d_dense1, axis=0)  # (3,)  db = Σ dz over the rows
    d_dense1_W = x.T @ d_dense1  # (4, 3)  dW = xᵀ dz
    grads = {} if grads is None else grads
    grads.update(
        {
            "dense1.W": d_dense1_W,
            "dense1.b": d_dense1_b,
        }
    )
    return grads


# input Tx4 ragged -> dense 3; loss kl weight=0.5
def loss(params: Params, cache: Cache, target: Any) -> float:
    """0.5 times kl, L = t·(log t − y), mean over all elements."""
    lengths, y_2 = cache["lengths"], cache["y_2"]
    B = len(lengths)
    T = y_2.shape[1]
    target = as_probabilities("target", target, (B, T, 3), lengths=lengths)
    # spec.nn:1  loss kl weight=0.5
    # 0.5 L, L = t·(log t − y), mean over all elements
    kl_loss = (
        0.5
        * np.sum(mask_steps((xlogx(target) - target * y_2) / 3, lengths, axis=1))
        / count_steps(lengths)
    )
    return float(kl_loss)


def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    lengths, x_data = cache["lengths"], cache["x_data"]
    B = len(lengths)
    T = x_data.shape[1]
    target = as_probabilities("target", target, (B, T, 3), lengths=lengths)
    # spec.nn:1  loss kl weight=0.5
    # (B, T, 3)  dy = −t · 0.5 / (3 Σ lengths); 0 in padding
    d_y = (
        -mask_steps(
            np.broadcast_to((0.5 * 1 / count_steps(lengths)).reshape(1, 1, 1), (B, T, 3)),
            lengths,
            axis=1,
        )
        * target
        / 3
    )

    # spec.nn:1  dense 3
    dense1_reshape = d_y.reshape(-1, 3)  # (B*T, 3)
    d_dense1_b = np.sum(dense1_reshape, axis=0)  # (3,)  db = Σ dz over the rows
    d_dense1_W = x_data.reshape(-1, 4).T @ dense1_reshape  # (4, 3)  dW = xᵀ dz
    grads = {} if grads is None else grads
    grads.update(
        {
            "dense1.W": d_dense1_W,
            "dense1.b": d_dense1_b,
        }
    )
    return grads
