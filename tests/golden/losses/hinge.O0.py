# input 4 -> dense 3; loss hinge
def loss(params: Params, cache: Cache, target: Any) -> float:
    """hinge, L = Σ max(0, 1 − y_right + y_j)/C over wrong classes j; of −1, 1: max(0, 1 − t·y)."""
    y = cache["y"]
    B = len(y)
    target_ids = real_array("target", target).ndim < 2
    target = as_margins("target", target, (B, 3))
    # spec.nn:1  loss hinge
    right_score = np.sum(target * y, axis=1, keepdims=True)  # (B, 1)
    # L = Σ max(0, 1 − y_right + y_j)/C over wrong classes j; of −1, 1: max(0, 1 − t·y)
    hinge_loss = (
        np.sum(
            np.sum(
                np.where(target_ids, (1 - target) / 3, 1 / 3)
                * np.maximum(np.where(target_ids, 1 + (y - right_score), 1 - target * y), 0),
                axis=1,
            )
        )
        / B
    )
    return float(hinge_loss)


def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    x, y = cache["x"], cache["y"]
    B = len(x)
    target_ids = real_array("target", target).ndim < 2
    target = as_margins("target", target, (B, 3))
    # spec.nn:1  loss hinge
    right_score = np.sum(target * y, axis=1, keepdims=True)  # (B, 1)
    # (B, 3)  dz = da where z > 0, else 0
    hinge_scale = (
        np.where(target_ids, (1 - target) / 3, 1 / 3)
        * (np.maximum(np.where(target_ids, 1 + (y - right_score), 1 - target * y), 0) > 0)
        / B
    )
    hinge_select = np.where(target_ids, hinge_scale, 0)  # (B, 3)
    d_right_score = -np.sum(hinge_select, axis=1).reshape(-1, 1)  # (B, 1)
    # (B, 3)  dy = (m − t·Σ m for class ids, −t·m for −1, 1) / B; m > 0 where a margin is missed
    d_y = -np.where(target_ids, 0, hinge_scale) * target + hinge_select + d_right_score * target

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


# input 4 -> dense 3 -> scale 2; loss hinge reduction=sum
def loss(params: Params, cache: Cache, target: Any) -> float:
    """hinge, L = Σ max(0, 1 − y_right + y_j)/C over wrong classes j; of −1, 1: max(0, 1 − t·y),
    summed over all rows."""
    y = cache["y"]
    B = len(y)
    target_ids = real_array("target", target).ndim < 2
    target = as_margins("target", target, (B, 3))
    # spec.nn:1  loss hinge reduction=sum
    right_score = np.sum(target * y, axis=1, keepdims=True)  # (B, 1)
    # L = Σ max(0, 1 − y_right + y_j)/C over wrong classes j; of −1, 1: max(0, 1 − t·y), summed over all rows
    hinge_loss = np.sum(
        np.sum(
            np.where(target_ids, (1 - target) / 3, 1)
            * np.maximum(np.where(target_ids, 1 + (y - right_score), 1 - target * y), 0),
            axis=1,
        )
    )
    return float(hinge_loss)


def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    x, y = cache["x"], cache["y"]
    B = len(x)
    target_ids = real_array("target", target).ndim < 2
    target = as_margins("target", target, (B, 3))
    # spec.nn:1  loss hinge reduction=sum
    right_score = np.sum(target * y, axis=1, keepdims=True)  # (B, 1)
    # (B, 3)  dz = da where z > 0, else 0
    hinge_mul = np.where(target_ids, (1 - target) / 3, 1) * (
        np.maximum(np.where(target_ids, 1 + (y - right_score), 1 - target * y), 0) > 0
    )
    hinge_select = np.where(target_ids, hinge_mul, 0)  # (B, 3)
    d_right_score = -np.sum(hinge_select, axis=1).reshape(-1, 1)  # (B, 1)
    # (B, 3)  dy = (m − t·Σ m for class ids, −t·m for −1, 1); m > 0 where a margin is missed
    d_y = -np.where(target_ids, 0, hinge_mul) * target + hinge_select + d_right_score * target

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


# input Tx4 ragged -> dense 3; loss hinge weight=0.5
def loss(params: Params, cache: Cache, target: Any) -> float:
    """0.5 times hinge, L = Σ max(0, 1 − y_right + y_j)/C over wrong classes j; of −1, 1: max(0,
    1 − t·y)."""
    lengths, y_2 = cache["lengths"], cache["y_2"]
    B = len(lengths)
    T = y_2.shape[1]
    target_ids = real_array("target", target).ndim < 3
    target = as_margins("target", target, (B, T, 3), lengths=lengths)
    # spec.nn:1  loss hinge weight=0.5
    right_score = np.sum(target * y_2, axis=2, keepdims=True)  # (B, T, 1)
    # 0.5 L, L = Σ max(0, 1 − y_right + y_j)/C over wrong classes j; of −1, 1: max(0, 1 − t·y)
    hinge_loss = (
        0.5
        * np.sum(
            mask_steps(
                np.sum(
                    np.where(target_ids, (1 - target) / 3, 1 / 3)
                    * np.maximum(
                        np.where(target_ids, 1 + (y_2 - right_score), 1 - target * y_2), 0
                    ),
                    axis=2,
                ),
                lengths,
                axis=1,
            )
        )
        / count_steps(lengths)
    )
    return float(hinge_loss)


def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    lengths, x_data, y_2 = cache["lengths"], cache["x_data"], cache["y_2"]
    B = len(lengths)
    T = x_data.shape[1]
    target_ids = real_array("target", target).ndim < 3
    target = as_margins("target", target, (B, T, 3), lengths=lengths)
    # spec.nn:1  loss hinge weight=0.5
    right_score = np.sum(target * y_2, axis=2, keepdims=True)  # (B, T, 1)
    # (B, T, 3)  dz = da where z > 0, else 0
    hinge_mul = (
        mask_steps(
            np.broadcast_to((0.5 * 1 / count_steps(lengths)).reshape(1, 1), (B, T)), lengths, axis=1
        ).reshape(B, T, 1)
        * np.where(target_ids, (1 - target) / 3, 1 / 3)
        * (np.maximum(np.where(target_ids, 1 + (y_2 - right_score), 1 - target * y_2), 0) > 0)
    )
    hinge_select = np.where(target_ids, hinge_mul, 0)  # (B, T, 3)
    d_right_score = -np.sum(hinge_select, axis=2).reshape(B, T, 1)  # (B, T, 1)
    # (B, T, 3)  dy = (m − t·Σ m for class ids, −t·m for −1, 1) · 0.5 / Σ lengths; m > 0 where a margin is missed; 0 in padding
    d_y = -np.where(target_ids, 0, hinge_mul) * target + hinge_select + d_right_score * target

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
