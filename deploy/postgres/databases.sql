-- One database per service for its log, and another for its patient keys (other backups).
CREATE DATABASE practice;
CREATE DATABASE practice_keys;
CREATE DATABASE identity;
CREATE DATABASE identity_keys;
CREATE DATABASE labs;
CREATE DATABASE labs_keys;
CREATE DATABASE notifier;
CREATE DATABASE notifier_keys;
CREATE DATABASE interop;
CREATE DATABASE interop_keys;
