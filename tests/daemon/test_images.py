"""Images of messages: taken in, kept once, sent with every kind of message, read back."""

import hashlib
import stat
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
import trio

from claudetted.protocol import places
from claudetted.protocol.images import IMAGE_BYTES, IMAGES_BYTES, MOST_IMAGES
from tests.daemon.client import Json, Refused
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk
from tests.support import pictures

BLUE = pictures.png(colour=b"\0\0\xff")
RED = pictures.PNG
SHOT = pictures.sent(RED, name="shot.png")
JPEG = pictures.sent(pictures.JPEG, "image/jpeg")


def id_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def seen(*images: tuple[str, bytes]) -> str:
    """What `@seen` is answered with."""
    return "\n".join(f"{kind} {id_of(data)[:12]}" for kind, data in images)


def files(chat: Chat) -> list[Path]:
    return sorted(places.images_dir(chat.id).iterdir())


async def read(chat: Chat, image: Json, limit: int = 40) -> bytes:
    data, total = b"", 1
    while len(data) < total:
        piece = await chat.call("item/image", imageId=image["id"], offset=len(data), limit=limit)
        assert piece["mimeType"] == image["mimeType"]
        data, total = data + b64decode(piece["data"]), piece["total"]
    return data


# turn/send


async def test_a_message_holds_images_that_the_agent_gets(chat: Chat) -> None:
    await chat.turn("@seen", images=[SHOT, JPEG])
    assert await chat.texts() == [seen(("image/png", RED), ("image/jpeg", pictures.JPEG))]
    (item,) = await chat.items("user")
    assert item["images"] == [
        {
            "id": id_of(RED),
            "mimeType": "image/png",
            "bytes": len(RED),
            "width": 8,
            "height": 6,
            "name": "shot.png",
        },
        {
            "id": id_of(pictures.JPEG),
            "mimeType": "image/jpeg",
            "bytes": len(pictures.JPEG),
            "width": 8,
            "height": 6,
        },
    ]
    assert [await read(chat, image) for image in item["images"]] == [RED, pictures.JPEG]


async def test_a_message_may_be_an_image_alone(chat: Chat) -> None:
    turn = await chat.turn("", images=[SHOT])
    assert turn["reason"] == "done"
    assert await chat.texts("user") == [""]
    assert (await chat.get())["title"] == ""
    empty = await chat.refused("turn/send", text="")
    assert (empty.name, empty.data["path"]) == ("InvalidParams", "$.text")


async def test_the_bytes_are_kept_once_for_their_owner_and_in_no_journal(chat: Chat) -> None:
    large = pictures.png(padding=300_000)
    for _ in range(2):
        await chat.turn("@seen", images=[pictures.sent(large), pictures.sent(large)])
    assert [path.name for path in files(chat)] == [id_of(large)]
    assert stat.S_IMODE(files(chat)[0].stat().st_mode) == 0o600
    assert stat.S_IMODE(places.images_dir(chat.id).stat().st_mode) == 0o700
    assert all(len(str(event)) < 3000 for event in chat.events())
    database = places.database_path()
    stored = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert b"x" * 500 not in stored and b64encode(b"x" * 300) not in stored


async def test_they_go_with_the_chat(chat: Chat) -> None:
    await chat.turn("@seen", images=[SHOT])
    await chat.call("chat/reset", hide=True)
    assert len(files(chat)) == 1
    await chat.call("chat/delete")
    assert not places.chat_dir(chat.id).exists()


async def test_two_clients_see_the_same(daemon: Daemon, chat: Chat) -> None:
    other = Chat(await daemon.client(), chat.made)
    await other.call("event/subscribe")
    await chat.turn("@seen", images=[SHOT])
    added = await other.event("item/added", lambda event: event["item"]["kind"] == "user")
    assert added["item"] == (await chat.items("user"))[0]
    assert await read(other, added["item"]["images"][0]) == RED


async def test_a_request_sent_again_happens_once(chat: Chat) -> None:
    first = await chat.call("turn/send", text="@seen", images=[SHOT], key="k")
    assert await chat.call("turn/send", text="@seen", images=[SHOT], key="k") == first
    await chat.ended()
    assert len(await chat.items("user")) == 1
    other = await chat.refused("turn/send", text="@seen", images=[JPEG], key="k")
    assert other.name == "KeyReused"


async def test_images_wait_with_their_message_also_for_another_daemon(
    daemon: Daemon, home: Home, chat: Chat
) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    queued = await chat.send("@seen", images=[SHOT])
    (entry,) = (await chat.call("queue/list"))["entries"]
    assert entry["images"][0]["id"] == id_of(RED)
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    home.gates.release("door")
    ended = await again.ended(queued)
    assert ended["images"] == entry["images"]
    assert await again.texts() == [seen(("image/png", RED))]


async def test_a_message_with_images_steers(home: Home, chat: Chat) -> None:
    await chat.send("@hold door @then @text unheard")
    await home.gates.held("door")
    await chat.send("/steer @seen", images=[SHOT])
    await chat.send("@seen", images=[JPEG], when="steer")
    # Answered by the agent, which has all that came before then.
    await chat.call("chat/configure", thinking="low")
    home.gates.release("door")
    await chat.ended()
    shown = [seen(("image/png", RED)), seen(("image/jpeg", pictures.JPEG))]
    assert await chat.texts() == shown
    assert [len(item.get("images", [])) for item in await chat.items("user")] == [0, 1, 1]


async def test_a_steer_that_came_too_late_keeps_its_images(puppets: Puppets, chat: Chat) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await chat.send("two", images=[SHOT], when="steer")
    await puppet.refuses(await puppet.hears("steer"), "NotRunning", "Too late.")
    await chat.event("queue/changed")
    await puppet.ends_turn(turn_id)
    prompt = await puppet.takes_prompt()
    (image,) = prompt["images"]
    assert await trio.Path(image["path"]).read_bytes() == RED
    assert (image["mimeType"], image["name"]) == ("image/png", "shot.png")


async def test_a_retry_sends_the_images_again(chat: Chat) -> None:
    await chat.turn("@seen @fail It broke.", images=[SHOT])
    await chat.ended((await chat.call("turn/retry"))["turnId"])
    assert await chat.texts() == [seen(("image/png", RED))] * 2


async def test_commands_of_ours_take_no_images(chat: Chat) -> None:
    refused = await chat.refused("turn/send", text="/title Ships", images=[SHOT])
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.images")


BROKEN = {
    "empty": (pictures.sent(b""), "is empty"),
    "not base64": ({"data": "%%%", "mimeType": "image/png"}, "base64"),
    "no image": (pictures.sent(b"%PDF-1.7"), "is no PNG"),
    "cut off": (pictures.sent(RED[:-4]), "cut off"),
    "of another type": (pictures.sent(pictures.JPEG), "image/jpeg"),
    "of a type nobody takes": (pictures.sent(b"BM", "image/bmp"), "image/bmp"),
}


@pytest.mark.parametrize(("image", "words"), BROKEN.values(), ids=BROKEN)
async def test_turn_send_ImageInvalid(chat: Chat, image: Json, words: str) -> None:
    refused = await chat.refused("turn/send", text="look", images=[SHOT, image])
    assert (refused.name, refused.data["index"]) == ("ImageInvalid", 1)
    assert refused.message.startswith("Image 2") and words in refused.message
    assert await chat.items() == []
    assert not places.images_dir(chat.id).exists()


async def test_turn_send_ImageTooLarge(chat: Chat) -> None:
    most = pictures.png(padding=IMAGE_BYTES - 100 - len(RED))
    large = pictures.png(padding=IMAGE_BYTES)
    one = await chat.refused("turn/send", text="look", images=[pictures.sent(large)])
    assert (one.name, one.data["index"], one.data["limit"]) == ("ImageTooLarge", 0, IMAGE_BYTES)
    three = [pictures.sent(most, name=f"{n}.png") for n in range(3)]
    many = await chat.refused("turn/send", text="look", images=three)
    assert (many.name, many.data["index"], many.data["limit"]) == ("ImageTooLarge", 2, IMAGES_BYTES)
    assert "Image 3 (2.png)" in many.message
    await chat.turn("@seen", images=three[:2])


async def test_turn_send_TooManyImages(chat: Chat) -> None:
    images = [SHOT] * (MOST_IMAGES + 1)
    refused = await chat.refused("turn/send", text="look", images=images)
    assert refused.name == "TooManyImages"
    assert refused.data == {"name": refused.name, "count": MOST_IMAGES + 1, "limit": MOST_IMAGES}


async def test_a_full_disk_refuses_and_nothing_is_named(chat: Chat) -> None:
    await chat.turn("one")
    large = pictures.png(padding=3_000_000)
    with full_disk():
        refused = await chat.refused("turn/send", text="look", images=[pictures.sent(large)])
    assert refused.name == "StoreFull"
    assert await chat.texts("user") == ["one"]
    assert files(chat) == []
    await chat.turn("@seen", images=[pictures.sent(large)])
    assert (await chat.texts())[-1] == seen(("image/png", large))


# What cannot see


def unable(refused: Refused) -> bool:
    return (refused.name, refused.data.get("capability")) == ("NotSupported", "images")


@pytest.fixture
async def blind(new_chat: NewChat, chat: Chat) -> Chat:
    """A chat with a model of which it is known that it takes no images."""
    await chat.client.call("model/refresh")
    return await new_chat(model="fake/thinker")


async def test_a_model_that_takes_no_images_is_refused_before_the_turn(blind: Chat) -> None:
    refused = await blind.refused("turn/send", text="look", images=[SHOT])
    assert unable(refused)
    assert "fake/thinker" in refused.message and "/model" in refused.message
    assert await blind.items() == []
    assert not places.images_dir(blind.id).exists()
    await blind.call("chat/configure", model="fake/small")
    await blind.turn("@seen", images=[SHOT])
    assert await blind.texts() == [seen(("image/png", RED))]


async def test_a_message_that_waited_for_such_a_model_fails_with_the_reason(
    home: Home, blind: Chat
) -> None:
    await blind.call("chat/configure", model="fake/small")
    await blind.send("@hold door")
    await home.gates.held("door")
    queued = await blind.send("@seen", images=[SHOT])
    await blind.call("chat/configure", model="fake/thinker")
    home.gates.release("door")
    ended = await blind.ended(queued)
    assert ended["reason"] == "failed" and "takes no images" in ended["error"]


async def test_turn_retry_NotSupported(blind: Chat) -> None:
    await blind.call("chat/configure", model="fake/small")
    await blind.turn("@fail It broke.", images=[SHOT])
    await blind.call("chat/configure", model="fake/thinker")
    assert unable(await blind.refused("turn/retry"))


async def test_an_agent_that_takes_no_images_is_known_by_its_capabilities(
    puppets: Puppets, chat: Chat
) -> None:
    assert (await chat.get())["capabilities"]["images"]
    await chat.send("one")
    puppet = await puppets.next()
    await puppet.greets(capabilities={"images": False})
    await chat.event(
        "chat/configured", lambda event: not event["chat"]["capabilities"].get("images")
    )
    refused = await chat.refused("turn/send", text="look", images=[SHOT])
    assert unable(refused) and "without them" in refused.message


# queue/edit


@pytest.fixture
async def queued(home: Home, chat: Chat) -> Chat:
    """A chat with a message that waits, with an image."""
    await chat.send("@hold door")
    await home.gates.held("door")
    await chat.event("context/changed")
    return chat


async def test_an_edited_message_keeps_its_images_or_gets_others(home: Home, queued: Chat) -> None:
    turns = [await queued.send(f"@text {n}", images=[SHOT]) for n in range(3)]
    await queued.call("queue/edit", turnId=turns[0], text="@seen")
    await queued.call("queue/edit", turnId=turns[1], text="@seen", images=[JPEG])
    await queued.call("queue/edit", turnId=turns[2], text="@seen", images=[])
    entries = (await queued.call("queue/list"))["entries"]
    ids = [[image["id"] for image in entry.get("images", [])] for entry in entries]
    assert ids == [[id_of(RED)], [id_of(pictures.JPEG)], []]
    home.gates.release("door")
    await queued.ended(turns[2])
    shown = [seen(("image/png", RED)), seen(("image/jpeg", pictures.JPEG)), "no image"]
    assert await queued.texts() == shown


async def test_queue_edit_ImageInvalid(queued: Chat) -> None:
    turn = await queued.send("later")
    refused = await queued.refused(
        "queue/edit", turnId=turn, text="x", images=[{**SHOT, "data": ""}]
    )
    assert (refused.name, refused.data["index"]) == ("ImageInvalid", 0)


async def test_queue_edit_ImageTooLarge(queued: Chat) -> None:
    turn = await queued.send("later")
    large = pictures.sent(pictures.png(padding=IMAGE_BYTES))
    refused = await queued.refused("queue/edit", turnId=turn, text="x", images=[large])
    assert refused.name == "ImageTooLarge"


async def test_queue_edit_TooManyImages(queued: Chat) -> None:
    turn = await queued.send("later")
    images = [SHOT] * (MOST_IMAGES + 1)
    refused = await queued.refused("queue/edit", turnId=turn, text="x", images=images)
    assert refused.name == "TooManyImages"


async def test_queue_edit_NotSupported(home: Home, blind: Chat) -> None:
    await blind.send("@hold door")
    await home.gates.held("door")
    turn = await blind.send("later")
    refused = await blind.refused("queue/edit", turnId=turn, text="x", images=[SHOT])
    assert unable(refused)
    empty = await blind.refused("queue/edit", turnId=turn, text="")
    assert (empty.name, empty.data["path"]) == ("InvalidParams", "$.text")


# item/image


async def test_an_image_is_read_at_once_or_beyond_its_end(chat: Chat) -> None:
    await chat.turn("@seen", images=[SHOT])
    whole = await chat.call("item/image", imageId=id_of(RED))
    assert b64decode(whole["data"]) == RED
    assert await chat.call("item/image", imageId=id_of(RED), limit=10**30) == whole
    for offset in (len(RED) + 5, 10**30):
        after = await chat.call("item/image", imageId=id_of(RED), offset=offset)
        assert (after["data"], after["total"]) == ("", len(RED))


async def test_item_image_ChatNotFound(chat: Chat) -> None:
    refused = await chat.client.refused("item/image", chatId="nobody", imageId=id_of(RED))
    assert refused.name == "ChatNotFound"


@pytest.mark.parametrize("image_id", [id_of(BLUE), "", "../../claudetted.db", f"{id_of(RED)}.part"])
async def test_item_image_ImageNotFound(chat: Chat, image_id: str) -> None:
    await chat.turn("@seen", images=[SHOT])
    refused = await chat.refused("item/image", imageId=image_id)
    assert (refused.name, refused.data["imageId"]) == ("ImageNotFound", image_id)
