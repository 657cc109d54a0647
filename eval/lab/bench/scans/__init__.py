"""How well scans are read: pages that are drawn, and a set that is asked of its document as one."""
