from __future__ import annotations

import torch

from training.balance import Balance


def test_a_level_that_would_split_one_to_nine_is_split_in_halves():
    balance = Balance(1, 2, torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    given = []
    for _ in range(200):
        place = balance.begin(32)
        position = torch.rand(32, generator=generator) ** 4  # 82 % of them below 0.45
        distances = torch.stack([(position - 0.2).abs(), (position - 0.7).abs()], 1)
        given.append(balance.assign(0, place, distances))
    late = torch.cat(given[100:]).float()
    assert abs(float(late.mean()) - 0.5) < 0.02


def test_every_place_of_the_tree_has_prices_of_its_own():
    balance = Balance(3, 2, torch.device("cpu"))
    assert [prices.shape[0] for prices in balance.prices] == [1, 2, 4]
    place = balance.step(0, balance.begin(4), torch.tensor([0, 0, 1, 1]))
    place = balance.step(1, place, torch.tensor([0, 1, 0, 1]))
    assert place.tolist() == [0, 1, 2, 3]
    balance.assign(2, torch.tensor([3, 3]), torch.tensor([[0.0, 1], [0, 1]]))
    assert balance.prices[2][:3].count_nonzero() == 0
    assert balance.prices[2][3, 0] > 0 > balance.prices[2][3, 1]


def test_deep_places_are_named_by_their_last_choices():
    balance = Balance(20, 3, torch.device("cpu"))
    assert max(balance.places) == 3**7
    place = balance.begin(1)
    for level in range(20):
        place = balance.step(level, place, torch.tensor([2]))
    assert place.tolist() == [3**7 - 1]
