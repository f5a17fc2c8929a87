"""The words of the pages, each in a plain sentence with an example."""

from typing import Final

__all__ = ["LOGINS", "LOGS", "METRICS", "PACKETS", "WORDS", "Row"]

Row = tuple[str, str, str, str]
"""Name, what it means, unit (may be empty), an example."""

WORDS: Final[tuple[Row, ...]] = (
    ("Event", "One observed row of a table, packet, log line, second of a series or login.", "",
     "the packet from ws05 at 09:00:07"),
    ("Score", "How abnormal an event is to the detector; higher is more.", "",
     "0.0512 at a threshold of 0.0320"),
    ("Threshold", "The score above which the detector flags an event.", "",
     "0.0320: the 99.85 % quantile of held-back normal events"),
    ("Anomaly", "An event whose score is above the threshold. It need not be an attack.", "",
     "a backup that sends more than ever before"),
    ("Severity", "How far the highest score is above the threshold, on one scale for all detectors "
     "on which 1 is the threshold. It says how abnormal, not how dangerous.", "",
     "C 12.4: critical"),
    ("Reference", "The closest event that the detector would have accepted, called closest normal. "
     "It is computed; nobody ever sent it.", "", "the same packet with 60 bytes instead of 1,400"),
    ("Deviation", "One field, log line, metric or endpoint in which anomaly and reference differ.",
     "", "packets from this host to the other: 412 instead of 3"),
    ("Field", "Columns that mean one thing and move together, e.g. one statistic over five "
     "windows.",
     "", "packet size from this host to the other: average"),
    ("Interpretation", "The deviations of one anomaly, strongest first, its reference and the "
     "proof.",
     "", "two deviations, verified"),
    ("Verified", "The detector scored exactly the stored reference and accepts it. It says nothing "
     "about whether the detector is right.", "", "reference 0.0308, threshold 0.0320"),
    ("Weight", "Share of a deviation in getting the score under the threshold; the weights of a "
     "finding sum to 100 %.", "%", "71 %"),
    ("Normal range", "Between the 1 % and the 99 % quantile of the training events.", "",
     "60 B to 1.51 kB"),
    ("Percentile", "Share of the training events with this value or a lower one.", "%",
     "above 99.9 % of training"),
    ("Plausibility", "How far the reference lies from the nearest training event, as a percentile "
     "of such distances among training events; high ones deserve distrust.", "%", "12 %"),
    ("Finding", "What an analyst judges: a burst of anomalies of one detector, entity and pattern "
     "with gaps under 60 s.", "", "F-b05d1c497e"),
    ("Entity", "Whom a finding is about: a source host, a session, a host of a series or a user.",
     "", "ws05"),
    ("Pattern", "The set of the strongest deviations, whatever their order: findings that were "
     "flagged for the same reasons share one.", "", "P-e7082f04fc"),
    ("Verdict", "An analyst's decision on findings, with category, reason, author and time.", "",
     "false positive: backup-job"),
    ("True positive", "An attack or another thing to act on. Protects its pattern: no suppression "
     "may cover it.", "", "port-scan"),
    ("False positive", "The detector is wrong: ordinary behavior was flagged. Teaches the "
     "Distiller.",
     "", "backup-job"),
    ("Benign positive", "Rightly flagged, and allowed, e.g. an authorized scan. Teaches "
     "nothing: the "
     "same deviations may be an attack next time.", "", "authorized-scan"),
    ("Undetermined", "Looked at and not decided. The finding stays open.", "", "needs the proxy "
     "log"),
    ("Suggestion", "What the Distiller makes of earlier verdicts on similar deviations, with "
     "how sure "
     "it is; it never decides.", "%", "backup-job 92 %"),
    ("Suppression", "A decision to take findings out of the open queue: scoped, reversible, "
     "expiring. "
     "Nothing is deleted.", "", "S-12, expires in 30 days"),
    ("Re-surfaced", "Covered by a suppression but left in the queue, so that somebody checks "
     "whether "
     "the suppression is still right.", "", "2 in 100 suppressed findings"),
    ("Case", "Findings that belong together, with notes, timeline, techniques and a status.", "",
     "C-3"),
    ("Detector", "What was trained on normal events and scores new ones; each version has an "
     "id.", "",
     "D-5f0c2a91be"),
    ("Machine", "What the Distiller has learned: M-12 is what the first twelve decisions make "
     "of it.",
     "", "M-12"),
    ("Log head", "Number and digest of the last line of a log. Noted elsewhere, it shows later "
     "whether "
     "lines were cut off or written anew.", "", "decision 12 3f0a…"),
)  # fmt: skip

PACKETS: Final[dict[str, Row]] = {
    "MI_dir_weight": ("packets from this sender (MAC and IP)",
     "How many packets this machine sent lately, to anybody.", "packets",
     "412 in the last 10 s: a burst or a flood"),
    "MI_dir_mean": ("packet size from this sender (MAC and IP): average",
     "Bytes per packet that this machine sent lately, on average.", "bytes",
     "60 B: many tiny packets, as scans send"),
    "MI_dir_std": ("packet size from this sender (MAC and IP): spread",
     "How much the sizes of this machine's packets differ.", "bytes",
     "0 B: every packet has the same size"),
    "HH_weight": ("packets from this host to the other",
     "How many packets went from the one IP address to the other lately.", "packets",
     "950 in the last 1 s"),
    "HH_mean": ("packet size from this host to the other: average",
     "Bytes per packet between these two hosts, this way, on average.", "bytes",
     "1.45 kB: bulk data is moved"),
    "HH_std": ("packet size from this host to the other: spread",
     "How much the sizes of the packets between these two hosts differ, this "
     "way.", "bytes", "512 B"),
    "HH_radius": ("packet size between these two hosts, both ways: joint spread",
     "How much packet sizes differ there and back, taken together.", "bytes²", "250,000 B²"),
    "HH_magnitude": ("packet size between these two hosts, both ways: joint average",
     "Average packet size there and back, taken together.", "bytes", "1.46 kB"),
    "HH_covariance": ("packet size between these two hosts: covariance of there and back",
     "Whether large packets one way come with large ones the other way, in absolute terms.",
     "bytes²", "−1,200 B²: large one way, small the other"),
    "HH_pcc": ("packet size between these two hosts: correlation of there and back",
     "The same between −1 and 1.", "", "−0.9"),
    "HH_jit_mean": ("gap between packets from this host to the other: average",
     "Seconds between one packet and the next from this host to the other.", "s",
     "0.002 s: faster than anybody types"),
    "HH_jit_std": ("gap between packets from this host to the other: spread",
     "How regular these packets come; small means like clockwork.", "s", "0.0001 s"),
    "HpHp_weight": ("packets of this connection (IPs and ports), this way",
     "How many packets this one connection carried lately, this way.", "packets", "3"),
    "HpHp_mean": ("packet size of this connection, this way: average",
     "Bytes per packet of this one connection, this way, on average.", "bytes", "74 B"),
    "HpHp_std": ("packet size of this connection, this way: spread",
     "How much the packet sizes of this connection differ, this way.", "bytes", "0 B"),
    "HpHp_radius": ("packet size of this connection, both ways: joint spread",
     "How much packet sizes of this connection differ there and back, together.", "bytes²", "0 B²"),
    "HpHp_magnitude": ("packet size of this connection, both ways: joint average",
     "Average packet size of this connection there and back, together.", "bytes", "105 B"),
    "HpHp_covariance": ("packet size of this connection: covariance of there and back",
     "Whether large packets one way come with large ones the other way, on this connection.",
     "bytes²", "0 B²"),
    "HpHp_pcc": ("packet size of this connection: correlation of there and back",
     "The same between −1 and 1.", "", "0.4"),
}  # fmt: skip

METRICS: Final[dict[str, Row]] = {
    "pkts": ("packets", "Packets that were seen in this step.", "packets", "1,200"),
    "bytes": ("bytes", "Bytes of these packets.", "bytes", "800 kB"),
    "pkts_in": ("packets in", "Packets that the host received in this step.", "packets", "40"),
    "pkts_out": ("packets out", "Packets that the host sent in this step.", "packets", "900"),
    "bytes_in": ("bytes in", "Bytes that the host received in this step.", "bytes", "73.8 kB"),
    "bytes_out": ("bytes out", "Bytes that the host sent in this step.", "bytes", "3.4 MB"),
    "arp": ("ARP", "ARP packets, which ask or tell who has which address.", "packets", "30"),
    "icmp": ("ICMP", "ICMP packets, such as pings.", "packets", "2"),
    "udp": ("UDP", "UDP packets.", "packets", "15"),
    "dns_bytes": ("DNS bytes", "Bytes of questions and answers about names.", "bytes", "1.2 kB"),
    "active_pairs": ("active pairs", "Different pairs of sender and receiver in this step.", "",
     "210: one host talks to many"),
    "syn_out": ("SYN out", "TCP connections that the host tried to open in this step.", "packets",
     "500: a scan or a flood"),
    "rst_out": ("RST out", "TCP connections that the host refused or broke off.", "packets", "80"),
    "dports_out": ("destination ports out", "Different ports below 10000 that the host sent "
     "to.", "",
     "300: a port scan"),
    "peers_out": ("peers out", "Different hosts that the host sent to in this step.", "", "19"),
    "mean_len_out": ("mean length out", "Bytes per packet that the host sent, on average; 0 "
     "without "
     "any.", "bytes", "60 B"),
}  # fmt: skip

LOGS: Final[tuple[Row, ...]] = (
    ("Log key", "A log line without what changes: names, addresses and numbers stand as <…>.", "",
     "sshd: Accepted publickey for <USER> from <IP>"),
    ("Session", "Lines of one log that belong together, such as one login over SSH.", "",
     "ana on web01, process 4711"),
    ("Observed line", "The line that was flagged: less likely than those that the detector "
     "expected "
     "there.", "", "sudo: authentication failure"),
    ("Expected lines", "The likeliest next lines after those before, with their probability.", "%",
     "session closed: 62 %"),
)  # fmt: skip

LOGINS: Final[dict[str, Row]] = {
    "user": ("user", "The account that logged in.", "", "backup"),
    "source": ("source", "The host that the login came from.", "", "ws05"),
    "destination": ("destination", "The host that was logged in to.", "", "db01"),
}
