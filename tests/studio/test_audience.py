from backpass.studio.audience import HEIR, OTHER, Audience


def test_the_first_page_steers_and_the_second_is_told_so():
    audience = Audience()
    first, second = audience.join("1"), audience.join("2")
    assert first.mailbox.take() is None
    assert second.mailbox.take()["says"] == OTHER
    assert audience.may_steer(first)
    assert not audience.may_steer(second)


def test_all_pages_hear_the_news_and_one_that_comes_later_hears_the_past():
    audience = Audience()
    first = audience.join("1")
    audience.hear({"epoch": 2, "curves": {"J": [3.0, 2.0]}, "going": True})
    audience.hear({"epoch": 3, "curves": {"J": [1.0]}})
    later = audience.join("2").mailbox.take()
    assert later["past"]["J"] == {"epochs": [1, 2, 3], "values": [3.0, 2.0, 1.0]}
    assert (later["epoch"], later["going"], later["steers"]) == (3, True, False)
    assert first.mailbox.take()["curves"] == {"J": [3.0, 2.0, 1.0]}


def test_a_tab_that_loads_again_takes_the_wheel_up_and_another_does_not():
    audience = Audience()
    audience.leave(audience.join("1"), wait=True)
    other, again = audience.join("2"), audience.join("1")
    assert not audience.may_steer(other)
    assert audience.may_steer(again)


def test_a_tab_that_is_back_before_it_was_missed_takes_over():
    audience = Audience()
    before, again = audience.join("1"), audience.join("1")
    assert audience.may_steer(again)
    audience.leave(before, wait=True)
    assert audience.steering is again


def test_when_a_tab_is_awaited_no_longer_the_next_page_steers():
    audience = Audience()
    first, second = audience.join("1"), audience.join("2")
    second.mailbox.take()
    audience.leave(first, wait=True)
    assert not audience.may_steer(second)
    audience.pass_on()
    assert second.mailbox.take()["says"] == HEIR
    assert audience.may_steer(second)
    audience.leave(second, wait=False)
    assert audience.may_steer(audience.join("3"))
