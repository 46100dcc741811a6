"""Writes company.ldif: Larkspur Instruments, 250 invented people and 20 groups, the same bytes every time."""

from __future__ import annotations

import base64
import random
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIX = "dc=larkspur,dc=example"

GIVEN = """
Abeni Adaeze Aiko Alasdair Alma Amaru Anahera Anders Anouk Arjun Astrid Ayşe Bashir Beatriz Bronwen Caio Camille Chidi
Chloé Dagny Damir Dilnoza Eduardo Eilidh Elif Emeka Esme Farida Farouk Fionnuala Florian Gaspard Giulia Gudrun Hamza
Hana Hélène Ibrahim Ilse Imani Inès Ioana Ishaan Iveta Jaromír Jolanda Jürgen Kaito Kamala Keira Kofi Lars Leilani
Linnea Lorcan Łucja Mahesh Malia Marguerite Mateus Mei Mirela Nadia Naveen Ngozi Niamh Noor Oksana Olu Orla Paloma
Pavel Priya Quentin Rafael Rania Renske Rosalind Rui Saoirse Selin Sergei Shirin Siddharth Søren Sunniva Tamsin Tariq
Tendai Thandiwe Tomás Ulla Vikram Wanjiru Wiremu Xiomara Yara Yusuf Zainab Zoë
""".split()  # noqa: SIM905 - a list of words reads better as words

SURNAMES = """
Abernethy Achterberg Adeyemi-Cole Afolayan Ainsley Akerlund Alderton Amankwah Arrowsmith Asante-Reid Ashgrove Bakker
Balogun Barrowclough Bellfield Bergström Bhandari Birchall Bjørklund Blackwood Bramwell Brightwater Calloway
Castellanos Chatterjee Clémenceau Coldwell Corrigan Crabtree Dalgaard Delacroix Demirci Dewhurst Diop Duval Eastgate
Ekström Elderfield Espinosa Fairweather Farrukh Fenwick Ferreira Finnegan Forsythe Gallowglass Garside Ghorbani
Goldsworthy Gräfenberg Greenhalgh Grimshaw Haddad Halvorsen Harrowgate Hawthorne Hendriks Holloway Ibarra Inglewood
Ivanova Jankowski Jayasuriya Kettering Khoury Kinnaird Kowalczyk Kristjánsdóttir Lambrecht Lindqvist Lockridge Mahlangu
Marchetti Mbeki-Stone Merriweather Molyneux Montclair Moriyama Mukherjee Müllerson Nakagawa Ndlovu Nightingale Novák
Nwachukwu Oakhurst Ó'Dálaigh Okonjo Oyelaran Papadakis Pemberton Pereira Petrosyan Quillfeather Radcliffe Ramaswamy
Ravenscroft Rosenthal Rutherglen Sandoval Sørensen Stavridis Strathmore Szymańska Takahara Thistlewood Tjaarda
Underhill Vasquez Venkataraman Wakefield Weatherby Whitlock Wolfhart Xu Yamazaki Yıldırım Zapatero Zielińska
""".split()  # noqa: SIM905 - a list of words reads better as words


@dataclass(frozen=True)
class Office:
    city: str
    country: str
    language: str
    phone: str  # a range that the country's regulator keeps for fiction
    share: float


OFFICES = (
    Office("Boston", "US", "en-US", "+1 617 555 01{:02d}", 0.38),
    Office("London", "GB", "en-GB", "+44 20 7946 0{:03d}", 0.26),
    Office("Paris", "FR", "fr-FR", "+33 1 99 00 10 {:02d}", 0.18),
    Office("Berlin", "DE", "de-DE", "+49 30 23125 {:03d}", 0.18),
)

# Department → people, the title of its head, of its team leads, and of everybody else.
DEPARTMENTS: dict[str, tuple[int, str, str, tuple[str, ...]]] = {
    "Engineering": (
        70,
        "Chief Technology Officer",
        "Engineering Manager",
        ("Optical Engineer", "Firmware Engineer", "Software Engineer", "Senior Software Engineer", "Test Engineer"),
    ),
    "Production": (
        50,
        "VP Production",
        "Shift Supervisor",
        ("Assembly Technician", "Calibration Technician", "Planner", "Quality Inspector"),
    ),
    "Sales": (
        40,
        "VP Sales",
        "Regional Sales Manager",
        ("Account Executive", "Sales Engineer", "Sales Development Representative"),
    ),
    "Customer Support": (
        28,
        "Head of Customer Support",
        "Support Team Lead",
        ("Support Specialist", "Field Service Engineer", "Trainer"),
    ),
    "Finance": (16, "Chief Financial Officer", "Controller", ("Accountant", "Payroll Specialist", "Buyer")),
    "Marketing": (16, "VP Marketing", "Marketing Manager", ("Content Editor", "Product Marketer", "Event Planner")),
    "Human Resources": (12, "Head of Human Resources", "Talent Lead", ("Recruiter", "HR Partner")),
    "Information Technology": (12, "Head of IT", "Service Desk Lead", ("System Administrator", "Identity Engineer")),
    "Legal": (5, "General Counsel", "Legal Lead", ("Counsel", "Paralegal")),
}
TEAM = 9  # people below one lead
PROJECTS = ("Kestrel", "Moonraker", "Saltmarsh", "Tinderbox")
DISABLED = {37, 88, 121, 163, 204, 239}  # by place in the file


@dataclass
class Person:
    number: int
    given: str
    surname: str
    title: str
    department: str
    office: Office
    phone: str
    manager: Person | None
    projects: tuple[str, ...] = ()

    @property
    def uid(self) -> str:
        return ascii_of(f"{self.given}.{self.surname}").lower()

    @property
    def dn(self) -> str:
        return f"uid={self.uid},ou=people,{SUFFIX}"


class Dice:
    """Chance that falls the same way on every version of Python: `random()` alone is promised to."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - nothing secret hangs on it

    def below(self, limit: int) -> int:
        return int(self._random.random() * limit)

    def office(self) -> Office:
        place = self._random.random()
        for office in OFFICES:
            place -= office.share
            if place < 0:
                return office
        return OFFICES[0]


def ascii_of(text: str) -> str:
    """The letters, dots and hyphens of a name, without accents, as they stand in an address."""
    plain = unicodedata.normalize("NFKD", text.translate(str.maketrans("øłŁı", "olLi")))
    return "".join(letter for letter in plain if letter.isascii() and (letter.isalpha() or letter in ".-"))


def people(dice: Dice) -> list[Person]:
    """A tree: one chief executive, heads of department, team leads, everybody else."""
    staff: list[Person] = []
    names: set[tuple[str, str]] = set()
    lines = dict.fromkeys(OFFICES, 0)

    def hire(title: str, department: str, manager: Person | None, office: Office) -> Person:
        while (name := (GIVEN[dice.below(len(GIVEN))], SURNAMES[dice.below(len(SURNAMES))])) in names:
            pass
        names.add(name)
        phone = office.phone.format(lines[office] % 100)
        lines[office] += 1
        projects = (PROJECTS[dice.below(len(PROJECTS))],) if dice.below(4) == 0 else ()
        staff.append(Person(1001 + len(staff), *name, title, department, office, phone, manager, projects))
        return staff[-1]

    chief = hire("Chief Executive Officer", "Executive", None, OFFICES[0])
    for department, (size, head_title, lead_title, titles) in DEPARTMENTS.items():
        head = hire(head_title, department, chief, OFFICES[0])
        lead = head
        for place in range(size - 1):
            if place % TEAM == 0 and size > TEAM:
                lead = hire(lead_title, department, head, dice.office())
            else:
                hire(titles[dice.below(len(titles))], department, lead, dice.office())
    return staff


def written(name: str, value: str) -> str:
    """One attribute line, in base64 where RFC 2849 asks for it, folded at 76 characters."""
    safe = value.isascii() and value.isprintable() and value[:1] not in (" ", ":", "<") and not value.endswith(" ")
    line = f"{name}: {value}" if safe else f"{name}:: {base64.b64encode(value.encode()).decode()}"
    return "\n ".join([line[:76], *(line[start : start + 75] for start in range(76, len(line), 75))]) + "\n"


def record(dn: str, *attributes: tuple[str, str]) -> str:
    return "".join(written(name, value) for name, value in (("dn", dn), *attributes)) + "\n"


def person_record(person: Person, place: int) -> str:
    full = f"{person.given} {person.surname}"
    attributes = [
        *(("objectClass", name) for name in ("top", "person", "organizationalPerson", "inetOrgPerson")),
        ("cn", full),
        ("displayName", full),
        ("givenName", person.given),
        ("sn", person.surname),
        ("uid", person.uid),
        ("mail", f"{person.uid}@larkspur.example"),
        ("employeeNumber", str(person.number)),
        ("employeeType", "Contractor" if place % 17 == 16 else "Employee"),
        ("title", person.title),
        ("departmentNumber", person.department),
        ("o", "Larkspur Instruments"),
        ("l", person.office.city),
        ("c", person.office.country),
        ("telephoneNumber", person.phone),
        ("preferredLanguage", person.office.language),
    ]
    if person.manager is not None:
        attributes.append(("manager", person.manager.dn))
    if place in DISABLED:
        attributes.append(("employeeStatus", "inactive"))
    return record(person.dn, *attributes)


def group_record(name: str, description: str, members: list[str]) -> str:
    return record(
        group_dn(name),
        ("objectClass", "top"),
        ("objectClass", "groupOfMembers"),  # which, unlike groupOfNames, may be empty
        ("cn", name),
        ("description", description),
        *(("member", member) for member in members),
    )


def group_dn(name: str) -> str:
    return f"cn={name},ou=groups,{SUFFIX}"


def groups(staff: list[Person]) -> Iterator[str]:
    for department in DEPARTMENTS:
        members = [person.dn for person in staff if person.department == department]
        yield group_record(department, f"Everybody in {department}", members)
    for office in OFFICES:
        members = [person.dn for person in staff if person.office == office]
        yield group_record(f"Office {office.city}", f"Everybody who works in {office.city}", members)
    for project in PROJECTS:
        members = [person.dn for person in staff if project in person.projects]
        yield group_record(f"Project {project}", f"Who works on {project}, across departments", members)
    managers = {person.manager.dn: None for person in staff if person.manager is not None}
    yield group_record("People Managers", "Everybody to whom somebody reports", list(managers))
    offices = [group_dn(f"Office {office.city}") for office in OFFICES]
    yield group_record("All Offices", "A group of groups: its members are the four offices", offices)
    yield group_record("Project Nightjar", "Not staffed yet: a group without members", [])


def company() -> str:
    staff = people(Dice(1887))
    containers = (
        record(SUFFIX, ("objectClass", "domain"), ("dc", "larkspur")),
        *(
            record(f"ou={name},{SUFFIX}", ("objectClass", "organizationalUnit"), ("ou", name))
            for name in ("people", "groups")
        ),
    )
    heading = "version: 1\n# Larkspur Instruments: invented people, written by make_company.py.\n\n"
    written_people = (person_record(person, place) for place, person in enumerate(staff))
    return heading + "".join((*containers, *written_people, *groups(staff)))


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("company.ldif")
    target.write_text(company(), encoding="ascii", newline="\n")
