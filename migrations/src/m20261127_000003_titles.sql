-- Titles of agreements without an index.

-- Each agreement changed a page of it that no other agreement of its group did: a seventh of
-- all that a create costs, for an order that begins with "Agreement between".
DROP INDEX agreement_title;
