"""What is on disk: the database and the directories of the chats. No processes, no clients."""
