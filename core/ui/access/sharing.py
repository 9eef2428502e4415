"""Who acts, and who else may see a dataset: in the sidebar, and on the page *Who may enter*."""

from __future__ import annotations

import streamlit as st

from core.access.permissions import OF_NO_DATASET, Action, Principal
from core.base.errors import InputRefused
from core.store.access_model import Grant, Standing
from core.store.protocols import Dataset
from core.ui import data, state, words
from core.ui.access import quota_notice
from core.ui.access.signed_in import directory_file, sign_out_everywhere

STANDINGS = {
    Standing.VIEWER: "Viewer: looks, and identifies people",
    Standing.EDITOR: "Editor: changes anything in it, and takes copies",
    Standing.OWNER: "Owner: shares and erases it, too",
}


def require_page(action: Action, dataset: Dataset | None) -> None:
    """Let whoever acts open a page on a dataset, or raise AccessRefused: whatever way they came by."""
    if dataset is not None or action in OF_NO_DATASET:
        data.access().require(action, dataset.id if dataset else None)


def show_who_acts(dataset: Dataset | None) -> None:
    """Who is signed in, what they are to the dataset, and the way out; nothing where no sign-in is configured."""
    access = data.access()
    if not access.principal.address:
        return
    with st.sidebar:
        st.caption(f"Signed in as {words.plain(access.principal.address)}, {words.plain(access.principal.role)}")
        if dataset is not None and not access.may(Action.EDIT, dataset.id):
            st.caption("You may look at this dataset, and change nothing in it.")
        if st.button("Sign out", key="sign_out", icon=":material/logout:", type="tertiary"):
            st.logout()
        st.button(
            "Sign out everywhere",
            key="sign_out_everywhere",
            icon=":material/phonelink_erase:",
            type="tertiary",
            help="Ends all your sessions, on every device",
            on_click=_sign_out_everywhere,
            args=(access.principal,),
        )


def _sign_out_everywhere(principal: Principal) -> None:
    sign_out_everywhere(data.whole_services().access, principal)


def show_shares(dataset: Dataset) -> None:
    """With whom a dataset is shared, and, for whoever may, the ways to change that."""
    access, may_share = data.access(), data.access().may(Action.SHARE, dataset.id)
    st.subheader(f"Who may see {words.plain(dataset.name)}", anchor=False)
    if refusal := st.session_state.pop(state.SHARE_REFUSED, None):
        st.error(words.plain(refusal), icon=":material/error:")
    grants = access.store.grants(dataset.id) if access.may(Action.LOOK, dataset.id) else ()
    if not any(grant.standing is Standing.OWNER for grant in grants):
        st.info("It belongs to nobody yet: admins alone see it. Give it an owner.", icon=":material/info:")
    for grant in grants:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f"**{words.plain(grant.address)}**  \n{STANDINGS[grant.standing]}")
            if may_share:
                st.button("Take away", key=f"withdraw_{grant.address}", on_click=_withdraw, args=(grant,))
    if may_share:
        _offer_share(dataset)
    else:
        st.caption("Its owner and admins say who else may see it.")


def _offer_share(dataset: Dataset) -> None:
    with st.form("share", clear_on_submit=True):
        st.text_input("Address of a person", key="share_address", placeholder="ann@example.org", max_chars=254)
        st.selectbox("What they may do", list(STANDINGS), format_func=STANDINGS.__getitem__, key="share_standing")
        st.form_submit_button("Share", type="primary", on_click=_share, args=(dataset.id,))


def _share(dataset_id: str) -> None:
    address = str(st.session_state["share_address"]).strip().lower()
    if "@" not in address.strip("@") or any(letter.isspace() for letter in address):
        st.session_state[state.SHARE_REFUSED] = f"'{address}' is no address. Write one like ann@example.org."
        return
    _change(Grant(dataset_id, address, Standing(st.session_state["share_standing"])), is_given=True)


def _withdraw(grant: Grant) -> None:
    _change(grant, is_given=False)


def _change(grant: Grant, *, is_given: bool) -> None:
    access = data.access()
    try:
        access.require(Action.SHARE, grant.dataset_id)
        if is_given:
            access.store.grant(grant)
        else:
            access.store.withdraw(grant.dataset_id, grant.address)
    except InputRefused as refusal:
        st.session_state[state.SHARE_REFUSED] = str(refusal)


def show_roles() -> None:
    """Who has which role by the file, for admins."""
    whole = data.whole_services()
    directory = directory_file(whole.settings.access_file).read()
    if directory is None or not data.access().may(Action.ADMINISTER):
        return
    st.subheader("Roles", anchor=False)
    st.caption(
        f"From the file {words.plain(whole.settings.access_file.name)}; a change of it counts at once. Sessions last "
        f"{directory.session_hours:g} hours."
    )
    rows = [{"Who": name, "By": "address", "Role": role} for name, role in directory.roles.items()]
    rows += [{"Who": name, "By": "group", "Role": role} for name, role in directory.groups.items()]
    st.dataframe(rows, hide_index=True)
    quota_notice.show_usages()
