const { UsersClient } = require("pipedrive-users");

const client = new UsersClient({ apiToken: process.env.PIPEDRIVE_API_TOKEN });
client.getCurrentUser().then((me) => console.log(me));
