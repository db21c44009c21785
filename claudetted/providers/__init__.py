"""Who serves models: catalogue, credentials, sign-in, and the process that is asked about them."""
