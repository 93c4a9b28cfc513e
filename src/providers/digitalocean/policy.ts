/** The least that a token must allow, a scope a line. Source: DigitalOcean's reference of token scopes. */
export const policy = `# Custom scopes of a personal access token: https://cloud.digitalocean.com/account/api/tokens
account:read      # how many droplets the account may have
actions:read      # goes with droplet:read
droplet:create    # make machines
droplet:read      # list them
droplet:update    # power and size
droplet:delete    # remove them
image:read        # whether an image is there
regions:read      # whether a region takes new droplets
sizes:read        # sizes and prices
ssh_key:create    # the cluster's key, so that it can log in
ssh_key:read
ssh_key:delete
tag:create        # machines and firewalls are found by tags
tag:read
tag:delete
vpc:create        # the cluster's private network
vpc:read
vpc:delete
firewall:create   # what the file's firewall says
firewall:read
firewall:update
firewall:delete
`;
