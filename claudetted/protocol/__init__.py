"""Every message, error and name of the system, as data.

Imports msgspec alone (`places` imports platformdirs). Import the noun you need;
nothing is re-exported here, so that a client may load one module cheaply.
"""
