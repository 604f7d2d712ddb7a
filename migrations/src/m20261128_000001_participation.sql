-- Between how many an agreement is concluded.

ALTER TABLE agreement ADD COLUMN participation {text};
