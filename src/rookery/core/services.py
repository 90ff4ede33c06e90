"""Everything that core does, in one place for those who need it: the dialects, the commands, the simulator's set-up."""

from __future__ import annotations

from dataclasses import dataclass

from rookery.core.accounts import Accounts
from rookery.core.audit import Audit
from rookery.core.boards import Boards
from rookery.core.bus import Bus
from rookery.core.catalog import Catalog
from rookery.core.claims import Claims
from rookery.core.clients import Clients
from rookery.core.clock import Clock
from rookery.core.customers import Customers
from rookery.core.dashboard_access import DashboardAccess
from rookery.core.dashboard_links import DashboardLinks
from rookery.core.dashboard_shares import DashboardShares
from rookery.core.dashboard_sources import DashboardSources
from rookery.core.dashboards import Dashboards
from rookery.core.devices import Devices
from rookery.core.enrolment import Enrolment
from rookery.core.events import Events, SpaceSeries
from rookery.core.fleet import Fleet
from rookery.core.ids import Identifiers
from rookery.core.index import Index
from rookery.core.ingest import Ingest
from rookery.core.journal import Journal
from rookery.core.links import Links
from rookery.core.live import LiveThings
from rookery.core.oauth import OAuth
from rookery.core.otp import OneTimePasswords
from rookery.core.people import Passwords, People
from rookery.core.points import Telemetry
from rookery.core.products import Products
from rookery.core.retention import Retention
from rookery.core.roster import Roster
from rookery.core.secrets import Peppered, Sealed
from rookery.core.teams import Teams
from rookery.core.things import Things
from rookery.core.tokens import AccessTokens
from rookery.core.values import Values
from rookery.core.variables import Variables


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one server, sharing one catalog, one telemetry store and one bus."""

    catalog: Catalog
    telemetry: Telemetry
    bus: Bus
    clock: Clock
    ids: Identifiers
    people: People
    clients: Clients
    live: LiveThings
    index: Index
    boards: Boards
    ingest: Ingest
    devices: Devices
    things: Things
    variables: Variables
    values: Values
    sealed: Sealed
    tokens: AccessTokens
    events: Events
    event_series: SpaceSeries
    enrolment: Enrolment
    journal: Journal
    audit: Audit
    claims: Claims
    fleet: Fleet
    products: Products
    customers: Customers
    teams: Teams
    accounts: Accounts
    otp: OneTimePasswords
    retention: Retention
    oauth: OAuth
    dashboards: Dashboards
    dashboard_access: DashboardAccess
    dashboard_shares: DashboardShares
    dashboard_links: DashboardLinks
    dashboard_sources: DashboardSources


def build_services(
    catalog: Catalog,
    telemetry: Telemetry,
    bus: Bus,
    clock: Clock,
    ids: Identifiers,
    passwords: Passwords,
    peppered: Peppered,
    sealed: Sealed,
) -> Services:
    """Put the services together."""
    live = LiveThings(catalog, telemetry)
    boards = Boards(telemetry, bus, clock)
    ingest = Ingest(telemetry, bus, clock)
    devices = Devices(catalog, telemetry, live, boards, bus, peppered, ids, clock)
    people = People(catalog, passwords, bus, ids, clock)
    tokens = AccessTokens(catalog, people, bus, ids, clock)
    enrolment = Enrolment(catalog, boards, bus, ids, clock)
    claims = Claims(catalog, enrolment, boards, live, bus, ids, clock)
    fleet = Fleet(catalog, enrolment, claims, Roster(catalog, bus))
    customers = Customers(catalog, passwords, tokens, claims, ids, clock)
    products = Products(catalog, telemetry, fleet, customers, tokens, bus, ids, clock)
    things = Things(catalog, telemetry, live, devices, bus, ids, clock)
    links = Links(catalog, ids, clock)
    dashboard_access = DashboardAccess(catalog, live)
    dashboards = Dashboards(catalog, dashboard_access, bus, ids, clock)
    events = Events(telemetry, bus, clock)
    return Services(
        catalog=catalog,
        telemetry=telemetry,
        bus=bus,
        clock=clock,
        ids=ids,
        people=people,
        clients=Clients(catalog, bus, ids, clock),
        live=live,
        index=Index(catalog, bus),
        boards=boards,
        ingest=ingest,
        devices=devices,
        things=things,
        variables=Variables(catalog, telemetry, live, bus, ids, clock),
        values=Values(ingest, telemetry, boards),
        sealed=sealed,
        tokens=tokens,
        events=events,
        event_series=SpaceSeries(catalog),
        enrolment=enrolment,
        journal=Journal(catalog, telemetry, enrolment, bus, clock),
        audit=Audit(catalog, telemetry, products, clock),
        claims=claims,
        fleet=fleet,
        products=products,
        customers=customers,
        teams=Teams(catalog, tokens, bus, ids, clock),
        accounts=Accounts(catalog, people, claims, devices, things),
        otp=OneTimePasswords(catalog, links, sealed, ids, clock),
        retention=Retention(catalog, telemetry, clock),
        oauth=OAuth(catalog, tokens, links, ids, clock),
        dashboards=dashboards,
        dashboard_access=dashboard_access,
        dashboard_shares=DashboardShares(catalog, dashboards, dashboard_access, bus, clock),
        dashboard_links=DashboardLinks(catalog, dashboards, bus, ids, clock),
        dashboard_sources=DashboardSources(enrolment, events),
    )
