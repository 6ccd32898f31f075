"""WeCom (企业微信) as a channel: a company's self-built app, over a thin client of our own."""
