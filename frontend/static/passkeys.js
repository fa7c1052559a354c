// Passkeys (WebAuthn), the one thing here that needs JavaScript. A form marked `data-passkey` asks
// for a challenge, lets the browser answer it, and is then sent like any other form.
const WAYS = {
  create: {
    challenge: "/api/v1/identity/begin-passkey",
    answer: (options) => navigator.credentials.create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
    }),
  },
  get: {
    challenge: "/api/v1/identity/begin-passkey-sign-in",
    answer: (options) => navigator.credentials.get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    }),
  },
};
const able = "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !able;
  if (able) watch(form, WAYS[form.dataset.passkey]);
}
for (const words of document.querySelectorAll("[data-no-passkeys]")) words.hidden = able;

function watch(form, way) {
  const said = form.querySelector("[data-failed]");
  const button = form.querySelector("button");
  let busy = false;

  // Adding one asks for the password, which goes with the question for the challenge and no further.
  const ask = async () => {
    const password = form.elements.namedItem("password");
    const body = JSON.stringify(password ? { password: password.value } : {});
    const request = { method: "POST", headers: { "Content-Type": "application/json" }, body };
    const answer = await fetch(way.challenge, request);
    if (answer.status === 422 && password) {
      password.focus();
      throw new Error(said.dataset.wrong);
    }
    if (!answer.ok) throw new Error("no challenge");
    if (password) password.value = "";
    const { options } = await answer.json();
    form.elements.namedItem("credential").value = JSON.stringify(await way.answer(JSON.parse(options)));
    form.submit();
  };

  form.addEventListener("submit", (event) => {
    // Without a name the server says what is missing, before anybody is asked for a finger.
    if (form.elements.namedItem("name")?.value.trim() === "") return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    button.disabled = true;
    said.textContent = "";
    ask().catch((error) => {
      said.textContent = error.message === said.dataset.wrong ? said.dataset.wrong : said.dataset.failed;
      busy = false;
      button.disabled = false;
    });
  });
}
