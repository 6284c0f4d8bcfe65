-- One row per text of the views in force, for a reader who sees everything; none for one who is
-- confined to some domains, which shows that views do not ask around it (schemas/store/row_access.py).
create or replace view unconfined as
select true as sees_everything
from view_text;
