#!/usr/bin/env python3
"""Makes a fixture of the upgrade test with the program of a version before.

    make.py FLEETLEDGER FOLDER     needs pg_dump and psql

A sandbox lives through 2040 and 2041: resellers and customers with people who
signed in, devices, renewals, transfers both ways, partnerships that end. What
the pages show at some moments goes into answers.json. In the end the database
is dumped while a long registration is carried out, and the service is killed.
"""
import atexit, gzip, json, pathlib, re, shutil, socket, subprocess, sys, tempfile, time, urllib.request

program, target = sys.argv[1], pathlib.Path(sys.argv[2])
data = pathlib.Path(tempfile.mkdtemp(prefix="up-"))
service = subprocess.Popen([program, "serve", "--data-dir", data, "--addr", "127.0.0.1:0", "--sandbox",
                            "--session-lifetime", "8760h"], stdout=subprocess.PIPE, text=True)
atexit.register(service.kill)
api = next(line.split()[-1] for line in service.stdout if line.startswith("listening on"))
operator = (data / "operator-token").read_text().strip()
position = "0"


def call(token, path, body=None, method=None, **headers):
    """Gives what is answered, a refusal too."""
    global position
    if body is None and method is None and "sandbox" not in path:
        path += ("&" if "?" in path else "?") + "minPosition=" + position
    request = urllib.request.Request(api + path, method=method or ("POST" if body is not None else "GET"),
                                     data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(request) as answer:
            if request.method != "GET":
                position = answer.headers.get("X-Position", position)
            return json.loads(answer.read() or "null")
    except urllib.error.HTTPError as refused:
        text = refused.read().decode()
        print(request.method, path, refused.code, text, file=sys.stderr)
        return json.loads(text or "null")


def advance(term):
    call(operator, "/v1/sandbox/clock", {"advance": term})


def mailed(email):
    """The token of the last mail to somebody, once it is there."""
    while True:
        mails = [m for m in sorted((data / "outbox").glob("*.eml")) if email in m.read_text()]
        found = [re.search(r"/v1/activations/([\w=.\-\n]+)", m.read_text()) for m in mails]
        if any(found):
            return [f for f in found if f][-1][1].replace("=\n", "")
        time.sleep(0.05)


def enter(email, name):
    """Accepts an invitation, signs in, and gives the session's token."""
    call(None, "/v1/activations/" + mailed(email), {"name": name, "password": "correct horse battery"})
    return sign_in(email)


def sign_in(email):
    return call(None, "/v1/sessions", {"email": email, "password": "correct horse battery"})["token"]


def account(kind, name, by=None, offers=("complete",)):
    email = "admin@%s.example" % name.lower().replace(" ", "-")
    body = {"name": name, "administrator": {"email": email, "name": "Admin of " + name}, "offers": list(offers)}
    if kind == "customer":
        return call(by, "/v1/customers", body)["uid"], email
    made = call(operator, "/v1/accounts", body | {"type": kind})
    if made.get("code") == "reseller_has_all_offers":  # a later rule
        made = call(operator, "/v1/accounts", body | {"type": kind, "offers": ["basic", "complete", "premium"]})
    return made["uid"], email


def register(token, into, *rows):
    done = call(token, "/v1/device-registrations", {"items": [r | {"account": into} for r in rows]})
    assert done["summary"]["created"] == len(rows), done


def device(n, **more):
    return {"serialNumber": "LD%014d" % n, "esn": "%08X" % n} | more


def serial(n):
    return "LD%014d" % n


def transfer(token, source, to, *numbers):
    return call(token, "/v1/transfers", {"from": source, "to": to, "devices": [serial(n) for n in numbers]})


def renew(token, term, number, *numbers):
    return call(token, "/v1/renewals", {"devices": [serial(n) for n in numbers], "term": term, "orderNumber": number})


moments = []


def moment():
    now = call(operator, "/v1/sandbox/clock")["now"]
    moments.append({"at": now, "customers": call(desk, "/v1/customers"), "devices": call(operator, "/v1/devices?sort=serialNumber")})
    print(now, file=sys.stderr)


call(operator, "/v1/sandbox/clock", {"now": "2040-01-10T09:00:00Z"})
summit, summit_admin = account("reseller", "Summit Wireless")
desk = enter(summit_admin, "Sam Summit")
ridge, ridge_admin = account("reseller", "Ridge Mobile")
ridge_desk = enter(ridge_admin, "Rita Ridge")
prairie, prairie_admin = account("customer", "Prairie Fire", desk)
owner = enter(prairie_admin, "Pat Prairie")
harbor, harbor_admin = account("customer", "Harbor Transit", desk, offers=("basic", "complete"))
harbor_owner = enter(harbor_admin, "Hal Harbor")
beacon, _ = account("customer", "Beacon Ports", desk)  # never entered
for uid, token in (prairie, owner), (harbor, harbor_owner):
    call(token, f"/v1/accounts/{uid}/partners/{summit}", {"profile": "full"}, "PATCH")
call(owner, f"/v1/accounts/{prairie}/partners", {"partner": ridge, "profile": "read-only", "until": "2040-06-15T00:00:00Z"})
call(harbor_owner, f"/v1/accounts/{harbor}/partners", {"partner": ridge, "profile": "read-only", "until": "2042-01-01T00:00:00Z"})
call(desk, f"/v1/accounts/{summit}/users", {"email": "tess@summit-wireless.example", "name": "Tess Summit", "profiles": ["full"]})
tess = enter("tess@summit-wireless.example", "Tess Summit")

register(desk, prairie, device(1, iccid="8901260000000000001", name="with a SIM"), device(2, name="engine-2"), device(3, labels=["north"]))
register(desk, harbor, device(4), device(5, offer="basic"), device(6))
register(desk, beacon, device(7))
register(desk, summit, device(11), device(12), device(13), device(14))
register(ridge_desk, ridge, device(21))
moment()

advance("P2M")
call(desk, "/v1/devices/" + serial(2), {"name": "engine-two"}, "PATCH")
transfer(desk, summit, prairie, 11, 12)  # within the included year
transfer(desk, prairie, summit, 1, 3)  # a round trip begins; the SIM goes along under the old rules
moment()

advance("P1M")
one = renew(desk, "P1Y", "PO-1", 2, 11)
if one["results"][0]["outcome"] == "ordered":
    call(operator, f"/v1/renewals/{one['id']}:apply", {})
two = renew(operator, "P3Y", "PO-2", 4)
three = renew(operator, "P1Y", "PO-3", 2)
call(operator, f"/v1/renewals/{three['id']}/reversals", {"reason": "ordered twice"})
call(operator, "/v1/allocations", {"device": serial(13), "term": "P1Y", "reason": "a present"})
call(harbor_owner, f"/v1/devices/{serial(6)}:suspend", {})
moment()

advance("P4M")  # the first partnership ends on the way
transfer(desk, summit, prairie, 3)  # the round trip ends
back = transfer(desk, summit, harbor, 14)
call(desk, f"/v1/transfers/{back['id']}/reversals", {"reason": "to the wrong one"})
call(harbor_owner, f"/v1/devices/{serial(5)}:retire", {})
register(desk, prairie, device(8))
register(desk, summit, device(15))
asked = call(ridge_desk, "/v1/release-requests", {"serialNumber": serial(6), "esn": "%08X" % 6, "reason": "bought used"})
sign_in(harbor_admin)
moment()

advance("P8M")  # most included years end on the way
sessions = {"operator": operator}
for who, email in ("summit", summit_admin), ("tess", "tess@summit-wireless.example"), ("prairie", prairie_admin):
    sessions[who] = sign_in(email)
desk = sessions["summit"]
sessions["ridge"] = subprocess.run([program, "token", "create", "--account", ridge, "--administrator", "--data-dir", data],
                                   capture_output=True, text=True, check=True).stdout.strip()
sessions["token"] = call(sessions["tess"], "/v1/tokens", {"label": "desk", "expiresAt": "2042-03-01T00:00:00Z", "profile": "full"})["token"]
order = renew(desk, "P1Y", "PO-4", 4, 12)
moment()

accounts = call(operator, "/v1/accounts?sort=name")
users = call(desk, f"/v1/accounts/{summit}/users")
histories = {serial(n): [i["type"] for i in call(operator, f"/v1/devices/{serial(n)}/history")["items"]] for n in (1, 2, 3, 4, 11, 12, 13, 14)}
slots = call(desk, f"/v1/accounts/{summit}/slots")
running = call(desk, "/v1/device-registrations", {"items": [device(n, account=prairie) for n in range(1000, 1200)]}, Prefer="respond-async")

database = "host=%s dbname=fleetledger user=fleetledger" % next(
    l for i, l in enumerate((data / "pg/postmaster.pid").read_text().splitlines()) if i == 4)
stopper = subprocess.Popen(["psql", "-qAt", database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
stopper.stdin.write("BEGIN; LOCK TABLE ops.operations IN EXCLUSIVE MODE; SELECT 1;\n")
stopper.stdin.flush()
stopper.stdout.readline()
dump = subprocess.run(["pg_dump", "--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=200", database],
                      check=True, capture_output=True, text=True).stdout
service.kill()
stopper.kill()

target.mkdir(parents=True, exist_ok=True)
# What only psql or one version of PostgreSQL understands is left out.
plain = [l for l in dump.splitlines() if l and not l.startswith(("--", "\\", "SET transaction_timeout"))]
with gzip.GzipFile(target / "dump.sql.gz", "wb", 9, mtime=0) as out:
    out.write("\n".join(plain).replace(socket.gethostname(), "maker").encode())
shutil.copy(data / "person-key", target)
answers = {
    "accounts": accounts, "users": users, "histories": histories, "slots": slots, "moments": moments,
    "outbox": sorted(m.name for m in (data / "outbox").glob("*.eml")),
    "sessions": sessions,
    "uids": {"summit": summit, "ridge": ridge, "prairie": prairie, "harbor": harbor, "beacon": beacon},
    "operation": running["id"], "release": asked["id"],
    "renewals": {"PO-1": one["id"], "PO-2": two["id"], "PO-3": three["id"], "PO-4": order["id"]},
}
(target / "answers.json").write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n")
service.wait()
shutil.rmtree(data, ignore_errors=True)  # its PostgreSQL is still ending
