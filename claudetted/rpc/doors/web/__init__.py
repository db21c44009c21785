"""What the door for browsers and other machines is made of: see `rpc/doors/websocket.py`."""
