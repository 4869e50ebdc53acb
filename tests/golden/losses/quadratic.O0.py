# input 4 -> dense 3; loss quadratic
def loss(params: Params, cache: Cache, target: Any) -> float:
    """quadratic, L = ½ Σ (y − t)², mean over the batch."""
    y = cache["y"]
    B = len(y)
    target = as_values("target", target, (B, 3))
    # spec.nn:1  loss quadratic
    quadratic_loss = np.sum(0.5 * (y - target) ** 2) / B  # L = ½ Σ (y − t)², mean over the batch
    return float(quadratic_loss)


def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    x, y = cache["x"], cache["y"]
    B = len(x)
    target = as_values("target", target, (B, 3))
    # spec.nn:1  loss quadratic
    d_y = (y - target) / B  # (B, 3)  dy = (y − t) / B

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


# input 4 -> dense 3 -> scale 2; loss quadratic reduction=sum
def loss(params: Params, cache: Cache, target: Any) -> float:
    """quadratic, L = ½ Σ (y − t)², summed over all rows."""
    y = cache["y"]
    B = len(y)
    target = as_values("target", target, (B, 3))
    # spec.nn:1  loss quadratic reduction=sum
    d_y = y - target  # (B, 3)  dy = y − t
    quadratic_loss = np.sum(0.5 * d_y**2)  # L = ½ Σ (y − t)², summed over all rows
    return float(quadratic_loss)


def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    x, y = cache["x"], cache["y"]
    B = len(x)
    target = as_values("target", target, (B, 3))
    # spec.nn:1  loss quadratic reduction=sum
    d_y = y - target  # (B, 3)  dy = y − t

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


# input Tx4 ragged -> dense 3; loss quadratic weight=0.5
def loss(params: Params, cache: Cache, target: Any) -> float:
    """0.5 times quadratic, L = ½ Σ (y − t)², mean over the batch."""
    lengths, y_2 = cache["lengths"], cache["y_2"]
    B = len(lengths)
    T = y_2.shape[1]
    target = as_values("target", target, (B, T, 3), lengths=lengths)
    # spec.nn:1  loss quadratic weight=0.5
    # 0.5 L, L = ½ Σ (y − t)², mean over the batch
    quadratic_loss = 0.5 * np.sum(mask_steps(0.5 * (y_2 - target) ** 2, lengths, axis=1)) / B
    return float(quadratic_loss)


def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    lengths, x_data, y_2 = cache["lengths"], cache["x_data"], cache["y_2"]
    B = len(lengths)
    T = x_data.shape[1]
    target = as_values("target", target, (B, T, 3), lengths=lengths)
    # spec.nn:1  loss quadratic weight=0.5
    # (B, T, 3)  dy = (y − t) · 0.5 / B; 0 in padding
    d_y = (
        2
        * 0.5
        * mask_steps(np.broadcast_to(DTYPE.type(0.5 / B), (B, T, 3)), lengths, axis=1)
        * (y_2 - target)
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
