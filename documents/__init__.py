"""Minutes and agendas as files, and files as text; imports texts and meetings only."""
