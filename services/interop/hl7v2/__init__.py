"""HL7 v2: bytes to messages, messages to commands, outcomes to acknowledgements. Pure."""
