// Forms with data-passkey ask the browser for a passkey, "create" a new one or "get" one,
// with the options in data-options, and are sent with its answer. Their button does
// nothing without scripts, so it is switched on here.
"use strict";
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button"), said = form.querySelector("[data-said]");
  const say = (text) => { said.textContent = text; said.hidden = false; };
  if (location.origin !== form.dataset.origin) {
    say(`Passkeys belong to ${form.dataset.origin}. Open this page there.`);
    continue;
  }
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    say("This browser does not know passkeys, or is too old.");
    continue;
  }
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    said.hidden = true;
    try {
      const options = JSON.parse(form.dataset.options);
      const passkey = form.dataset.passkey === "create"
        ? await navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})
        : await navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options)});
      form.elements.passkey.value = JSON.stringify(passkey.toJSON());
      form.submit();
    } catch (error) {
      button.disabled = false;
      say(error.name === "InvalidStateError"
        ? "This passkey is among your factors already."
        : "There was no answer with a passkey. Try again, or take another way.");
    }
  });
}
