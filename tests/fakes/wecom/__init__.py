"""What the stand-in for WeCom is made of; `tests.fakes.wecom_server` puts it together."""
