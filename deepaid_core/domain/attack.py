"""Names of ATT&CK techniques that an analyst of this product may want to note on a case.

Ids and names are those of MITRE ATT&CK for Enterprise, version 17 (April 2025). It is a selection:
what packets, host rates, logs of logins and links between users and hosts can show, and what such
cases usually lead to. Any other id of the right form is accepted too and stays without a name.
Nothing here is derived from a deviation: which technique it was is for an analyst to say.
"""

import re
from collections.abc import Mapping
from typing import Final

__all__ = ["ATTACK_VERSION", "TECHNIQUES", "is_technique", "technique_name"]

ATTACK_VERSION: Final = "17"
"""Version of ATT&CK that the names are of."""

TECHNIQUES: Final[Mapping[str, str]] = {
    # Reconnaissance and initial access
    "T1595": "Active Scanning",
    "T1595.001": "Scanning IP Blocks",
    "T1595.002": "Vulnerability Scanning",
    "T1190": "Exploit Public-Facing Application",
    "T1133": "External Remote Services",
    "T1566": "Phishing",
    "T1199": "Trusted Relationship",
    "T1078": "Valid Accounts",
    "T1078.001": "Default Accounts",
    "T1078.002": "Domain Accounts",
    "T1078.003": "Local Accounts",
    "T1078.004": "Cloud Accounts",
    "T1200": "Hardware Additions",
    # Execution, persistence, privilege escalation
    "T1059": "Command and Scripting Interpreter",
    "T1059.001": "PowerShell",
    "T1059.004": "Unix Shell",
    "T1059.006": "Python",
    "T1053": "Scheduled Task/Job",
    "T1053.003": "Cron",
    "T1569": "System Services",
    "T1098": "Account Manipulation",
    "T1098.004": "SSH Authorized Keys",
    "T1136": "Create Account",
    "T1136.001": "Local Account",
    "T1136.002": "Domain Account",
    "T1543": "Create or Modify System Process",
    "T1543.002": "Systemd Service",
    "T1505.003": "Web Shell",
    "T1068": "Exploitation for Privilege Escalation",
    "T1548": "Abuse Elevation Control Mechanism",
    "T1548.003": "Sudo and Sudo Caching",
    # Defense evasion
    "T1070": "Indicator Removal",
    "T1070.002": "Clear Linux or Mac System Logs",
    "T1562": "Impair Defenses",
    "T1562.001": "Disable or Modify Tools",
    "T1562.004": "Disable or Modify System Firewall",
    "T1599": "Network Boundary Bridging",
    "T1205": "Traffic Signaling",
    # Credential access
    "T1110": "Brute Force",
    "T1110.001": "Password Guessing",
    "T1110.002": "Password Cracking",
    "T1110.003": "Password Spraying",
    "T1110.004": "Credential Stuffing",
    "T1557": "Adversary-in-the-Middle",
    "T1557.001": "LLMNR/NBT-NS Poisoning and SMB Relay",
    "T1557.002": "ARP Cache Poisoning",
    "T1557.003": "DHCP Spoofing",
    "T1040": "Network Sniffing",
    "T1003": "OS Credential Dumping",
    "T1552": "Unsecured Credentials",
    "T1552.004": "Private Keys",
    "T1558": "Steal or Forge Kerberos Tickets",
    "T1558.003": "Kerberoasting",
    "T1621": "Multi-Factor Authentication Request Generation",
    # Discovery
    "T1046": "Network Service Discovery",
    "T1018": "Remote System Discovery",
    "T1016": "System Network Configuration Discovery",
    "T1049": "System Network Connections Discovery",
    "T1087": "Account Discovery",
    "T1135": "Network Share Discovery",
    "T1083": "File and Directory Discovery",
    "T1082": "System Information Discovery",
    "T1033": "System Owner/User Discovery",
    # Lateral movement
    "T1021": "Remote Services",
    "T1021.001": "Remote Desktop Protocol",
    "T1021.002": "SMB/Windows Admin Shares",
    "T1021.004": "SSH",
    "T1021.006": "Windows Remote Management",
    "T1210": "Exploitation of Remote Services",
    "T1550": "Use Alternate Authentication Material",
    "T1550.002": "Pass the Hash",
    "T1550.003": "Pass the Ticket",
    "T1563": "Remote Service Session Hijacking",
    "T1563.001": "SSH Hijacking",
    "T1570": "Lateral Tool Transfer",
    # Collection
    "T1005": "Data from Local System",
    "T1039": "Data from Network Shared Drive",
    "T1074": "Data Staged",
    "T1213": "Data from Information Repositories",
    "T1560": "Archive Collected Data",
    # Command and control
    "T1071": "Application Layer Protocol",
    "T1071.001": "Web Protocols",
    "T1071.004": "DNS",
    "T1571": "Non-Standard Port",
    "T1572": "Protocol Tunneling",
    "T1573": "Encrypted Channel",
    "T1090": "Proxy",
    "T1095": "Non-Application Layer Protocol",
    "T1105": "Ingress Tool Transfer",
    "T1219": "Remote Access Tools",
    "T1568": "Dynamic Resolution",
    "T1568.002": "Domain Generation Algorithms",
    # Exfiltration
    "T1020": "Automated Exfiltration",
    "T1029": "Scheduled Transfer",
    "T1030": "Data Transfer Size Limits",
    "T1041": "Exfiltration Over C2 Channel",
    "T1048": "Exfiltration Over Alternative Protocol",
    "T1048.003": "Exfiltration Over Unencrypted Non-C2 Protocol",
    "T1567": "Exfiltration Over Web Service",
    "T1567.002": "Exfiltration to Cloud Storage",
    # Impact
    "T1498": "Network Denial of Service",
    "T1498.001": "Direct Network Flood",
    "T1498.002": "Reflection Amplification",
    "T1499": "Endpoint Denial of Service",
    "T1499.001": "OS Exhaustion Flood",
    "T1499.002": "Service Exhaustion Flood",
    "T1485": "Data Destruction",
    "T1486": "Data Encrypted for Impact",
    "T1489": "Service Stop",
    "T1490": "Inhibit System Recovery",
    "T1496": "Resource Hijacking",
    "T1531": "Account Access Removal",
    "T1565": "Data Manipulation",
}
"""Name of each technique, a sub-technique without that of its parent."""

_ID = re.compile(r"T[0-9]{4}(?:\.[0-9]{3})?")


def is_technique(text: str) -> bool:
    """Whether a text has the form of an id: "T1046" or "T1110.001"."""
    return _ID.fullmatch(text) is not None


def technique_name(technique: str) -> str:
    """Its name, a sub-technique's after its parent's ("Brute Force: Password Guessing").

    Empty where it is not in this selection.
    """
    name = TECHNIQUES.get(technique, "")
    parent, dot, _ = technique.partition(".")
    before = TECHNIQUES.get(parent, "") if dot and name else ""
    return f"{before}: {name}" if before else name
