-- One row per reader who sees everything; none for one confined to some domains, which shows
-- that views do not bypass the confinement (schemas/store/row_access.py).
create or replace view unconfined as
select true as sees_everything
from view_text;
