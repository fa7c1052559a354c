"""Sign-in and security, for patients and staff: address, password, passkeys, devices."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from contracts.common import Done, Nothing, Role
from contracts.identity import (
    AddPasskey,
    ChangeEmail,
    ChangePassword,
    EndDevice,
    GetSecurity,
    RemovePasskey,
    SecurityAnswer,
    SignOutEverywhere,
)
from frontend import dates, landing
from frontend.chrome import beside, language, show
from frontend.client import Problem, gateway
from frontend.forms import Form, posted
from frontend.presenters import security as present
from frontend.texts import text

AT = "/security"
SAID = ("email", "password", "app-removed", "passkey", "passkey-removed", "device")


async def page(request: Request) -> Response:
    """Everything on one page; each change has a page of its own."""
    caller = await gateway(request).session(request)
    if caller.role is Role.ENROLLING:
        return RedirectResponse(landing.SET_UP, 303)
    answer = await gateway(request).call(request, GetSecurity, SecurityAnswer)
    lang = language(request, caller)
    zone = (await gateway(request).profile(request)).profile.zone
    moment = partial(dates.moment, zone=zone, lang=lang)
    done = request.query_params.get("done", "")
    return await show(
        request,
        "security.html",
        security=present.present(answer, partial(text, lang), moment),
        done=done.replace("-", "_") if done in SAID else "",
    )


async def email_page(request: Request) -> Response:
    """Another address to sign in with."""
    return await _email(request, Form())


async def change_email(request: Request) -> Response:
    """Links go to both addresses; the answer is the same where the new one is somebody's (R44)."""
    form = await posted(request)
    lang = await _language(request)
    fields = {"email": form.get("email"), "password": form.values.get("password", "")}
    form.errors = {name: text(lang, f"security.e_{name}") for name in fields if not fields[name]}
    if form.errors:
        return await _email(request, form)
    try:
        await gateway(request).call(request, ChangeEmail, Nothing, fields)
    except Problem as problem:
        form.errors = beside(problem, lang, {"wrong-password": "password"})
        return await _email(request, form)
    return RedirectResponse(f"{AT}?done=email", 303)


async def _email(request: Request, form: Form) -> Response:
    answer = await gateway(request).call(request, GetSecurity, SecurityAnswer)
    return await show(request, "security-email.html", form, email=answer.email)


async def password_page(request: Request) -> Response:
    """The old password and the new one."""
    return await show(request, "security-password.html", Form())


async def change_password(request: Request) -> Response:
    """Signs out everywhere else."""
    form = await posted(request)
    lang = await _language(request)
    fields = {name: form.values.get(name, "") for name in ("current", "password")}
    empty = {"current": "security.e_password", "password": "security.e_new"}
    form.errors = {name: text(lang, key) for name, key in empty.items() if not fields[name]}
    if not form.errors:
        try:
            await gateway(request).call(request, ChangePassword, Done, fields)
        except Problem as problem:
            places = {"wrong-password": "current", "weak-password": "password"}
            form.errors = beside(problem, lang, places)
    if form.errors:
        return await show(request, "security-password.html", form)
    return RedirectResponse(f"{AT}?done=password", 303)


async def passkey_page(request: Request) -> Response:
    """A name and a button; `passkeys.js` does what only the browser can."""
    return await show(request, "security-passkey.html", Form())


async def add_passkey(request: Request) -> Response:
    """Staff who had to set up a second factor go on to their work."""
    caller = await gateway(request).session(request)
    form = await posted(request)
    lang = language(request, caller)
    fields = {"credential": form.get("credential"), "name": form.get("name")}
    if not fields["name"]:
        form.errors["name"] = text(lang, "passkeys.e_name")
        return await show(request, "security-passkey.html", form)
    try:
        await gateway(request).call(request, AddPasskey, Done, fields)
    except Problem as problem:
        form.errors = beside(problem, lang, {"passkey": "", "too-many": ""})
        return await show(request, "security-passkey.html", form)
    onward = "/staff" if caller.role is Role.ENROLLING else f"{AT}?done=passkey"
    return RedirectResponse(onward, 303)


async def remove_page(request: Request) -> Response:
    """Which one, and what to do on the device."""
    return await _remove(request, Form())


async def remove_passkey(request: Request) -> Response:
    """Needs the password; refused for staff whose only second factor it is."""
    form = await posted(request)
    fields = {
        "passkey": request.path_params["passkey"],
        "password": form.values.get("password", ""),
    }
    try:
        await gateway(request).call(request, RemovePasskey, Done, fields)
    except Problem as problem:
        lang = await _language(request)
        form.errors = beside(problem, lang, {"wrong-password": "password", "needed": ""})
        return await _remove(request, form)
    return RedirectResponse(f"{AT}?done=passkey-removed", 303)


async def _remove(request: Request, form: Form) -> Response:
    answer = await gateway(request).call(request, GetSecurity, SecurityAnswer)
    wanted = request.path_params["passkey"]
    found = next((each for each in answer.passkeys if each.passkey == wanted), None)
    if found is None:
        raise HTTPException(404)
    return await show(
        request,
        "security-confirm.html",
        form,
        what="remove_passkey",
        name=found.name,
        password=True,
    )


async def end_device(request: Request) -> Response:
    """Who signs out the browser in hand is asked to sign in again."""
    form = await posted(request)
    fields = {"device": request.path_params["device"]}
    await gateway(request).call(request, EndDevice, Done, fields, form.get("key"))
    return RedirectResponse(f"{AT}?done=device", 303)


async def everywhere_page(request: Request) -> Response:
    """What signing out everywhere does, before it is done."""
    return await show(request, "security-confirm.html", what="everywhere", name="", password=False)


async def sign_out_everywhere(request: Request) -> Response:
    """This session ends, too."""
    form = await posted(request)
    await gateway(request).call(request, SignOutEverywhere, Done, {}, form.get("key"))
    return RedirectResponse("/signed-out", 303)


async def _language(request: Request) -> str:
    return language(request, await gateway(request).session(request))


routes = [
    Route(AT, page),
    Route("/security/email", email_page, methods=["GET"]),
    Route("/security/email", change_email, methods=["POST"]),
    Route("/security/password", password_page, methods=["GET"]),
    Route("/security/password", change_password, methods=["POST"]),
    Route("/security/passkeys/add", passkey_page, methods=["GET"]),
    Route("/security/passkeys/add", add_passkey, methods=["POST"]),
    Route("/security/passkeys/{passkey:id}/remove", remove_page, methods=["GET"]),
    Route("/security/passkeys/{passkey:id}/remove", remove_passkey, methods=["POST"]),
    Route("/security/devices/{device:id}/end", end_device, methods=["POST"]),
    Route("/security/sign-out-everywhere", everywhere_page, methods=["GET"]),
    Route("/security/sign-out-everywhere", sign_out_everywhere, methods=["POST"]),
]
