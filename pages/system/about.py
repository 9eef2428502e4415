"""About: engine, processor, models, storage, versions, privacy."""

from core.ui import about, frame

with frame.page(
    "About", "What is running, on what, with which models, and where your data are.", chooser=False
) as page:
    about.engine(page.services)
    about.models(page.services)
    about.storage(page.services)
    about.versions()
    about.privacy(page.services)
