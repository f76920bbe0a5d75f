"""Encryption and mutual identification (CURVE) for policy servers on other machines.

``python -m policies.curve FOLDER`` makes the keys: copy ``server.key_secret`` and ``clients/`` to
the server, ``client.key_secret`` and ``server.key`` to the station. Secrets never leave their side.
"""

from __future__ import annotations

import argparse
import ipaddress
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import zmq
import zmq.auth

from policies.base import PolicyServerError

SERVER_SECRET = "server.key_secret"
SERVER_PUBLIC = "server.key"
CLIENT_SECRET = "client.key_secret"
CLIENTS = "clients"


def stays_here(endpoint: str) -> bool:
    """Whether an endpoint can be reached from this machine only."""
    parts = urlsplit(endpoint)
    if parts.scheme in ("ipc", "inproc"):
        return True
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check(endpoint: str, keys: Path | None) -> None:
    """Refuses an endpoint that others can reach while there are no keys.

    Raises:
        PolicyServerError: says how to make keys; or the endpoint is none.
    """
    if urlsplit(endpoint).scheme not in ("ipc", "tcp"):
        raise PolicyServerError(
            f"{endpoint!r} is no endpoint. Give ipc:///path/to/socket or tcp://address:port."
        )
    if keys is None and not stays_here(endpoint):
        raise PolicyServerError(
            f"{endpoint} can be reached from other machines, and a policy moves an arm: keys are "
            "required. Make them with `python -m policies.curve FOLDER` and give FOLDER to both "
            "ends, or use ipc:// or tcp://127.0.0.1."
        )


def used(endpoint: str, keys: Path | None) -> Path | None:
    """The keys that an endpoint uses: none for ``ipc://``, which its private folder protects.

    So a station that has keys for a server elsewhere still reaches the one it starts itself.
    """
    return None if urlsplit(endpoint).scheme == "ipc" else keys


def secure_server(socket: zmq.Socket[bytes], keys: Path) -> None:
    """Makes a socket that is not yet bound a CURVE server.

    Raises:
        PolicyServerError: a key file is absent or torn.
    """
    public, secret = _pair(keys / SERVER_SECRET)
    socket.curve_server = True
    socket.curve_publickey = public
    socket.curve_secretkey = secret
    if not any((keys / CLIENTS).glob("*.key")):
        raise PolicyServerError(
            f"{keys / CLIENTS} holds no client's public key (*.key), so nobody could connect. "
            "Copy the station's there."
        )


def secure_client(socket: zmq.Socket[bytes], keys: Path) -> None:
    """Makes a socket that is not yet connected a CURVE client.

    Raises:
        PolicyServerError: a key file is absent or torn.
    """
    public, secret = _pair(keys / CLIENT_SECRET)
    socket.curve_publickey = public
    socket.curve_secretkey = secret
    socket.curve_serverkey = _certificate(keys / SERVER_PUBLIC)[0]


def make_keys(folder: Path) -> None:
    """Makes a server's and a client's key pair; readable by this user only.

    Raises:
        PolicyServerError: there are keys already, or the folder cannot be written.
    """
    if (folder / SERVER_SECRET).exists() or (folder / CLIENT_SECRET).exists():
        raise PolicyServerError(
            f"{folder} holds keys already. Choose another folder, or remove them if nobody uses "
            "them any more."
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / CLIENTS).mkdir(mode=0o700, exist_ok=True)
        for side in ("server", "client"):
            public, secret = zmq.auth.create_certificates(folder, side)
            Path(secret).chmod(0o600)
            if side == "client":
                Path(public).replace(folder / CLIENTS / "client.key")
    except OSError as error:
        raise PolicyServerError(
            f"{folder} cannot be written ({error.strerror}). Choose another folder."
        ) from error


def _pair(path: Path) -> tuple[bytes, bytes]:
    public, secret = _certificate(path)
    if secret is None:
        raise PolicyServerError(f"{path} holds no secret key. Copy the right file there.")
    return public, secret


def _certificate(path: Path) -> tuple[bytes, Any]:
    try:
        return zmq.auth.load_certificate(path)
    except (OSError, ValueError) as error:
        raise PolicyServerError(
            f"The key {path} cannot be read ({error}). Make keys with "
            "`python -m policies.curve FOLDER`."
        ) from error


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m policies.curve", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the keys go")
    folder: Path = parser.parse_args(arguments).folder
    try:
        make_keys(folder)
    except PolicyServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(
        f"Server: {folder / SERVER_SECRET} and {folder / CLIENTS}/\n"
        f"Station: {folder / CLIENT_SECRET} and {folder / SERVER_PUBLIC}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
