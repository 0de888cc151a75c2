"""What was shown and done long ago goes; what is open, what failed lately, and what was said stay."""

from datetime import timedelta

from desk.agentdesk.port import Button
from desk.tables.agent import DeskActionRow, DeskMessageRow, DeskPostRow, DeskThreadRow, HeldRow
from desk.tables.conversation import Author, MessageRow
from tests.handoff.floor import KIM, LEE, Floor
from tests.talk import rows


async def test_old_rows_go_and_the_talk_stays(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    told = await floor.writes(KIM, "here I am")
    await floor.writes(LEE, "shall I?")
    (held,) = await rows(floor.desk, HeldRow)
    said = len(await rows(floor.desk, MessageRow))
    sweep = floor.agents.sweep
    assert await sweep.step() == 0

    floor.clock.advance(timedelta(days=8))
    await floor.says("hello?")
    await floor.agents.ingest.accept([floor.action(KIM, floor.told[0].deed)])
    assert await sweep.step() > 5
    assert await sweep.step() == 0
    assert [row.state for row in await rows(floor.desk, DeskActionRow)] == ["new"]
    assert all(
        floor.clock() - row.created_at < timedelta(days=1)
        for row in await rows(floor.desk, DeskPostRow)
    )
    assert [row.id for row in await rows(floor.desk, HeldRow)] == [held.id]
    assert len(await rows(floor.desk, MessageRow)) == said + 1
    assert len(await rows(floor.desk, DeskThreadRow)) == 1

    # An event that comes again after all is known by the message that it told of.
    await floor.rest()
    await floor.tell(
        KIM, next(one.deed for one in floor.told if getattr(one.deed, "message", "") == told)
    )
    assert floor.heard(Author.AGENT) == ["here I am"]
    assert len(await rows(floor.desk, DeskMessageRow)) > 0

    floor.clock.advance(timedelta(days=31))
    await sweep.step()
    assert await rows(floor.desk, HeldRow) == []
